<!-- include start from clawgress/listen-address.xml.i -->
<leafNode name="listen-address">
  <properties>
    <help>Local address where clients reach DNS</help>
    <completionHelp>
      <script>${vyos_completion_dir}/list_local_ips.sh --both</script>
    </completionHelp>
    <valueHelp>
      <format>ipv4</format>
      <description>IPv4 address of this router</description>
    </valueHelp>
    <valueHelp>
      <format>ipv6</format>
      <description>IPv6 address of this router</description>
    </valueHelp>
    <constraint>
      <validator name="ip-address"/>
    </constraint>
    <constraintErrorMessage>Listen address must be an IPv4 or IPv6 address</constraintErrorMessage>
    <multi/>
  </properties>
</leafNode>
<!-- include end -->
