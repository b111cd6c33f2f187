<leafNode name="included">
  <properties>
    <help>Included</help>
  </properties>
  <command>x</command>
</leafNode>
