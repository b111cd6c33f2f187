<!-- include start from clawgress/policy.xml.i -->
<node name="policy">
  <properties>
    <help>What clients may reach, beside what the policy file lists</help>
  </properties>
  <children>
    <leafNode name="description">
      <properties>
        <help>Description of the policy</help>
        #include <include/clawgress/policy-text-constraint.xml.i>
      </properties>
    </leafNode>
    <node name="allow">
      <properties>
        <help>What clients may reach</help>
      </properties>
      <children>
        <tagNode name="domain">
          <properties>
            <help>Domain name that clients may reach</help>
            #include <include/clawgress/policy-name-constraint.xml.i>
          </properties>
          <children>
            #include <include/clawgress/policy-entry-ports.xml.i>
            #include <include/clawgress/policy-entry-remarks.xml.i>
            <leafNode name="public-suffix">
              <properties>
                <help>Wildcard may cover a suffix where anybody can register names</help>
                <valueless/>
              </properties>
            </leafNode>
          </children>
        </tagNode>
        <tagNode name="address">
          <properties>
            <help>Address or network that clients may reach without a name</help>
            #include <include/clawgress/policy-address-constraint.xml.i>
          </properties>
          <children>
            #include <include/clawgress/policy-entry-ports.xml.i>
            #include <include/clawgress/policy-entry-remarks.xml.i>
            <leafNode name="wide">
              <properties>
                <help>The prefix may be shorter than /8 (IPv4) or /16 (IPv6)</help>
                <valueless/>
              </properties>
            </leafNode>
          </children>
        </tagNode>
        <leafNode name="port">
          <properties>
            <help>Port of entries without ports of their own, none for 80 and 443</help>
            #include <include/clawgress/policy-port.xml.i>
          </properties>
        </leafNode>
      </children>
    </node>
    <node name="deny">
      <properties>
        <help>What clients may not reach, whatever allows it</help>
      </properties>
      <children>
        <tagNode name="domain">
          <properties>
            <help>Domain name that clients may not reach</help>
            #include <include/clawgress/policy-name-constraint.xml.i>
          </properties>
          <children>
            #include <include/clawgress/policy-entry-remarks.xml.i>
          </children>
        </tagNode>
        <tagNode name="address">
          <properties>
            <help>Address or network that clients may not reach</help>
            #include <include/clawgress/policy-address-constraint.xml.i>
          </properties>
          <children>
            #include <include/clawgress/policy-entry-remarks.xml.i>
          </children>
        </tagNode>
      </children>
    </node>
    <tagNode name="label">
      <properties>
        <help>Name or prefix whose records get a tag, the longest match wins</help>
        <completionHelp>
          <path>service clawgress policy allow domain</path>
          <path>service clawgress policy allow address</path>
          <path>service clawgress policy deny domain</path>
          <path>service clawgress policy deny address</path>
        </completionHelp>
        #include <include/clawgress/policy-name-help.xml.i>
        #include <include/clawgress/policy-address-help.xml.i>
        <constraint>
          <validator name="ip-address"/>
          <validator name="ip-prefix"/>
          #include <include/clawgress/policy-name-regex.xml.i>
        </constraint>
        <constraintErrorMessage>Label must be for a domain name like api.example.com or *.example.com, or for an address or prefix without host bits</constraintErrorMessage>
      </properties>
      <children>
        <leafNode name="tag">
          <properties>
            <help>Tag that shows in every record</help>
            #include <include/clawgress/policy-text-constraint.xml.i>
          </properties>
        </leafNode>
      </children>
    </tagNode>
  </children>
</node>
<!-- include end -->
