<!-- include start from clawgress/policy-address-constraint.xml.i -->
#include <include/clawgress/policy-address-help.xml.i>
<constraint>
  <validator name="ip-address"/>
  <validator name="ip-prefix"/>
</constraint>
<constraintErrorMessage>Address must be an IPv4 or IPv6 address, or a prefix without host bits like 192.0.2.0/24</constraintErrorMessage>
<!-- include end -->
