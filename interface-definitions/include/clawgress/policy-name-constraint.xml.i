<!-- include start from clawgress/policy-name-constraint.xml.i -->
#include <include/clawgress/policy-name-help.xml.i>
<constraint>
  #include <include/clawgress/policy-name-regex.xml.i>
</constraint>
<constraintErrorMessage>Domain name must be like api.example.com or *.example.com, no address, and in its xn-- form where it is not ASCII</constraintErrorMessage>
<!-- include end -->
