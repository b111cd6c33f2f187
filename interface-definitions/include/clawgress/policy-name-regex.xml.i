<!-- include start from clawgress/policy-name-regex.xml.i -->
<regex>(([*][.])?([A-Za-z0-9_][A-Za-z0-9_-]{0,62}([.][A-Za-z0-9_-]{1,63}){0,125}[.][0-9]{0,62}[A-Za-z_-][A-Za-z0-9_-]{0,62}|([A-Za-z_]|[0-9]{1,62}[A-Za-z_-])[A-Za-z0-9_-]{0,62})[.]?)</regex>
<!-- include end -->
