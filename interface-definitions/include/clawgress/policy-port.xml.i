<!-- include start from clawgress/policy-port.xml.i -->
<valueHelp>
  <format>u32:1-65535</format>
  <description>Port number</description>
</valueHelp>
<valueHelp>
  <format>&lt;start-end&gt;</format>
  <description>Range of port numbers, like 8000-8010</description>
</valueHelp>
<constraint>
  <regex>(([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])(-([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)</regex>
</constraint>
<constraintErrorMessage>Port must be a number from 1 to 65535 or a range like 8000-8010</constraintErrorMessage>
<multi/>
<!-- include end -->
