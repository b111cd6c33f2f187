<!-- include start from include/clawgress/left-out.xml.i -->
<leafNode name="left-out">
  <properties>
    <help>Node of a newer version, left out when the file was read</help>
    <valueHelp>
      <format>txt</format>
      <description>Path of the node below service clawgress, its words joined by slashes</description>
    </valueHelp>
    <constraint>
      <regex>([A-Za-z0-9_*][A-Za-z0-9._:*\/-]{0,199})</regex>
    </constraint>
    <constraintErrorMessage>A path is words of letters, digits, dots, hyphens and underscores, joined by slashes</constraintErrorMessage>
    <multi/>
  </properties>
</leafNode>
<!-- include end -->
