<!-- include start from clawgress/policy-name-help.xml.i -->
<valueHelp>
  <format>hostname</format>
  <description>Exactly this domain name, like api.example.com</description>
</valueHelp>
<valueHelp>
  <format>&lt;*.name&gt;</format>
  <description>Every name below it, not the name itself, like *.example.com</description>
</valueHelp>
<!-- include end -->
