<!-- include start from clawgress/policy-text-constraint.xml.i -->
<valueHelp>
  <format>txt</format>
  <description>1 to 200 characters without quotes</description>
</valueHelp>
<constraint>
  <regex>(([^\x00-\x1f\x7f-\xbf][\x80-\xbf]*){1,200})</regex>
</constraint>
<constraintErrorMessage>Text must be 1 to 200 characters without quotes and control characters</constraintErrorMessage>
<!-- include end -->
