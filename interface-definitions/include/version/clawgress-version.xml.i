<!-- include start from include/version/clawgress-version.xml.i -->
<syntaxVersion component='clawgress' version='1'></syntaxVersion>
<!-- include end -->
