<!-- include start from leaf.xml.i -->
<leafNode name="included">
  <properties>
    #include <include/help.xml.i>
  </properties>
</leafNode>
<!-- include end -->
