<!-- include start from clawgress/file-path-constraint.xml.i -->
<valueHelp>
  <format>filename</format>
  <description>Absolute path of letters, digits, dots, dashes and underscores</description>
</valueHelp>
<constraint>
  <regex>((/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){1,32})</regex>
</constraint>
<constraintErrorMessage>Path must be absolute and made of letters, digits, dots, dashes and underscores</constraintErrorMessage>
<!-- include end -->
