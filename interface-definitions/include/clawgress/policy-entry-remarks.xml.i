<!-- include start from clawgress/policy-entry-remarks.xml.i -->
<leafNode name="label">
  <properties>
    <help>Tag that shows in every record about this entry</help>
    #include <include/clawgress/policy-text-constraint.xml.i>
  </properties>
</leafNode>
<leafNode name="reason">
  <properties>
    <help>Remark for people who read the policy</help>
    #include <include/clawgress/policy-text-constraint.xml.i>
  </properties>
</leafNode>
<!-- include end -->
