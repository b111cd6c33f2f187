<!-- include start from clawgress/policy-entry-ports.xml.i -->
<leafNode name="port">
  <properties>
    <help>Port of this entry, in place of the ports of the policy</help>
    #include <include/clawgress/policy-port.xml.i>
  </properties>
</leafNode>
<leafNode name="protocol">
  <properties>
    <help>Protocol of this entry, none for TCP and UDP</help>
    <completionHelp>
      <list>tcp udp</list>
    </completionHelp>
    <valueHelp>
      <format>tcp</format>
      <description>Transmission Control Protocol</description>
    </valueHelp>
    <valueHelp>
      <format>udp</format>
      <description>User Datagram Protocol</description>
    </valueHelp>
    <constraint>
      <regex>(tcp|udp)</regex>
    </constraint>
    <constraintErrorMessage>Protocol must be tcp or udp</constraintErrorMessage>
    <multi/>
  </properties>
</leafNode>
<!-- include end -->
