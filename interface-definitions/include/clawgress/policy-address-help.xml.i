<!-- include start from clawgress/policy-address-help.xml.i -->
<valueHelp>
  <format>ipv4</format>
  <description>IPv4 address</description>
</valueHelp>
<valueHelp>
  <format>ipv4net</format>
  <description>IPv4 network and prefix length</description>
</valueHelp>
<valueHelp>
  <format>ipv6</format>
  <description>IPv6 address</description>
</valueHelp>
<valueHelp>
  <format>ipv6net</format>
  <description>IPv6 network and prefix length</description>
</valueHelp>
<!-- include end -->
