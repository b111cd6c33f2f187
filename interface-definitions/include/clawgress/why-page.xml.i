<!-- include start from clawgress/why-page.xml.i -->
<node name="why-page">
  <properties>
    <help>Page that tells clients why they were refused</help>
  </properties>
  <children>
    <leafNode name="name">
      <properties>
        <help>Name that clients reach the page by</help>
        <valueHelp>
          <format>hostname</format>
          <description>Domain name that the gateway answers to itself</description>
        </valueHelp>
        <constraint>
          <regex>([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){1,32})</regex>
        </constraint>
        <constraintErrorMessage>Name must be a fully qualified domain name like clawgress.internal</constraintErrorMessage>
      </properties>
      <defaultValue>clawgress.internal</defaultValue>
    </leafNode>
    <leafNode name="certificate">
      <properties>
        <help>Certificate in the PKI configuration, none for an own one</help>
        <completionHelp>
          <path>pki certificate</path>
        </completionHelp>
        <valueHelp>
          <format>txt</format>
          <description>Name of the certificate</description>
        </valueHelp>
        <constraint>
          <regex>([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})</regex>
        </constraint>
        <constraintErrorMessage>Certificate name must be letters, digits, dots, dashes and underscores</constraintErrorMessage>
      </properties>
    </leafNode>
    <leafNode name="contact">
      <properties>
        <help>How clients ask for access</help>
        #include <include/clawgress/policy-text-constraint.xml.i>
      </properties>
    </leafNode>
    <leafNode name="disable">
      <properties>
        <help>Serve no such page</help>
        <valueless/>
      </properties>
    </leafNode>
  </children>
</node>
<!-- include end -->
