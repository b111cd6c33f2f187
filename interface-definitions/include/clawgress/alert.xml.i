<!-- include start from clawgress/alert.xml.i -->
<node name="alert">
  <properties>
    <help>Alerts to syslog and to webhooks</help>
  </properties>
  <children>
    <tagNode name="rule">
      <properties>
        <help>Alert when denials are many</help>
        <valueHelp>
          <format>txt</format>
          <description>Name of the rule</description>
        </valueHelp>
        <constraint>
          <regex>([A-Za-z0-9][A-Za-z0-9_.-]{0,31})</regex>
        </constraint>
        <constraintErrorMessage>Rule name must be 1 to 32 letters, digits, dots, dashes or underscores</constraintErrorMessage>
      </properties>
      <children>
        <leafNode name="reason">
          <properties>
            <help>Reason of the denials, any unless set</help>
            <completionHelp>
              <list>dns.not-allowed dns.denied dns.rebind dns.type dns.upstream net.not-pinned net.denied net.port net.protocol net.dns-bypass net.revoked net.unknown-client net.gateway</list>
            </completionHelp>
            <valueHelp>
              <format>txt</format>
              <description>Code of a reason</description>
            </valueHelp>
            <constraint>
              <regex>([a-z]{1,16}[.][a-z-]{1,32})</regex>
            </constraint>
            <constraintErrorMessage>Reason must be a code such as dns.not-allowed</constraintErrorMessage>
            <multi/>
          </properties>
        </leafNode>
        <leafNode name="group">
          <properties>
            <help>Group of the clients, any unless set</help>
            <completionHelp>
              <path>service clawgress policy group</path>
              <list>default</list>
            </completionHelp>
            <valueHelp>
              <format>txt</format>
              <description>Name of a group of the policy</description>
            </valueHelp>
            <constraint>
              <regex>([A-Za-z0-9][A-Za-z0-9_.-]{0,62})</regex>
            </constraint>
            <constraintErrorMessage>Group must be letters, digits, dots, dashes or underscores</constraintErrorMessage>
            <multi/>
          </properties>
        </leafNode>
        <leafNode name="threshold">
          <properties>
            <help>Denials within the interval that are too many</help>
            <valueHelp>
              <format>u32:1-10000000</format>
              <description>Number of denials</description>
            </valueHelp>
            <constraint>
              <validator name="numeric" argument="--range 1-10000000"/>
            </constraint>
            <constraintErrorMessage>Threshold must be in range 1 to 10000000</constraintErrorMessage>
          </properties>
        </leafNode>
        <leafNode name="interval">
          <properties>
            <help>Time that the denials are counted over</help>
            <valueHelp>
              <format>u32:10-86400</format>
              <description>Time in seconds</description>
            </valueHelp>
            <constraint>
              <validator name="numeric" argument="--range 10-86400"/>
            </constraint>
            <constraintErrorMessage>Interval must be in range 10 to 86400 seconds</constraintErrorMessage>
          </properties>
          <defaultValue>300</defaultValue>
        </leafNode>
        <leafNode name="webhook">
          <properties>
            <help>Webhook that is told, all of them and syslog unless set</help>
            <completionHelp>
              <path>service clawgress alert webhook</path>
            </completionHelp>
            <valueHelp>
              <format>txt</format>
              <description>Name of a webhook</description>
            </valueHelp>
            <constraint>
              <regex>([A-Za-z0-9][A-Za-z0-9_.-]{0,31})</regex>
            </constraint>
            <constraintErrorMessage>Webhook must be 1 to 32 letters, digits, dots, dashes or underscores</constraintErrorMessage>
            <multi/>
          </properties>
        </leafNode>
        <leafNode name="syslog">
          <properties>
            <help>Tell syslog, also where webhooks are named</help>
            <valueless/>
          </properties>
        </leafNode>
      </children>
    </tagNode>
    <leafNode name="learning-period">
      <properties>
        <help>Time before first refused names are told on a new gateway</help>
        <valueHelp>
          <format>u32:0-720</format>
          <description>Time in hours, 0 to tell them at once</description>
        </valueHelp>
        <constraint>
          <validator name="numeric" argument="--range 0-720"/>
        </constraint>
        <constraintErrorMessage>Learning period must be in range 0 to 720 hours</constraintErrorMessage>
      </properties>
      <defaultValue>24</defaultValue>
    </leafNode>
    <leafNode name="silence">
      <properties>
        <help>Built-in alert that is not wanted</help>
        <completionHelp>
          <list>policy.violation-spike client.first-denial service.down generation.not-proven policy-file.changed certificate.expiry api-key.expiry upstream.failing</list>
        </completionHelp>
        <valueHelp>
          <format>policy.violation-spike</format>
          <description>Far more denials in a group than usual</description>
        </valueHelp>
        <valueHelp>
          <format>client.first-denial</format>
          <description>First name that is refused to a client</description>
        </valueHelp>
        <valueHelp>
          <format>service.down</format>
          <description>A service of the gateway does not run</description>
        </valueHelp>
        <valueHelp>
          <format>generation.not-proven</format>
          <description>The kernel does not hold what was proven</description>
        </valueHelp>
        <valueHelp>
          <format>policy-file.changed</format>
          <description>The policy file was changed and not imported</description>
        </valueHelp>
        <valueHelp>
          <format>certificate.expiry</format>
          <description>A certificate ends within 30 days</description>
        </valueHelp>
        <valueHelp>
          <format>api-key.expiry</format>
          <description>A key of the API ends within 7 days</description>
        </valueHelp>
        <valueHelp>
          <format>upstream.failing</format>
          <description>Name servers do not answer</description>
        </valueHelp>
        <constraint>
          <regex>(policy[.]violation-spike|client[.]first-denial|service[.]down|generation[.]not-proven|policy-file[.]changed|certificate[.]expiry|api-key[.]expiry|upstream[.]failing)</regex>
        </constraint>
        <constraintErrorMessage>There is no such built-in alert</constraintErrorMessage>
        <multi/>
      </properties>
    </leafNode>
    <tagNode name="webhook">
      <properties>
        <help>Receiver that alerts are posted to</help>
        <valueHelp>
          <format>txt</format>
          <description>Name of the webhook</description>
        </valueHelp>
        <constraint>
          <regex>([A-Za-z0-9][A-Za-z0-9_.-]{0,31})</regex>
        </constraint>
        <constraintErrorMessage>Webhook name must be 1 to 32 letters, digits, dots, dashes or underscores</constraintErrorMessage>
      </properties>
      <children>
        <leafNode name="url">
          <properties>
            <help>Address of the receiver</help>
            <valueHelp>
              <format>url</format>
              <description>http or https, without a user and password</description>
            </valueHelp>
            <constraint>
              <regex>(https?:\/\/(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(:[0-9]{1,5})?(\/[A-Za-z0-9._~:\/?@!*+,;=%&amp;-]{0,512})?)</regex>
            </constraint>
            <constraintErrorMessage>URL must be like https://alerts.example.net/hook</constraintErrorMessage>
          </properties>
        </leafNode>
        <leafNode name="format">
          <properties>
            <help>Form of what is posted</help>
            <completionHelp>
              <list>webhook alertmanager</list>
            </completionHelp>
            <valueHelp>
              <format>webhook</format>
              <description>As Alertmanager posts to its webhooks, version 4, signed</description>
            </valueHelp>
            <valueHelp>
              <format>alertmanager</format>
              <description>As Prometheus posts to Alertmanager, API version 2</description>
            </valueHelp>
            <constraint>
              <regex>(webhook|alertmanager)</regex>
            </constraint>
            <constraintErrorMessage>Format must be webhook or alertmanager</constraintErrorMessage>
          </properties>
          <defaultValue>webhook</defaultValue>
        </leafNode>
        <leafNode name="secret">
          <properties>
            <help>Secret that messages are signed with</help>
            <valueHelp>
              <format>txt</format>
              <description>whsec_ and the Base64 of 24 to 64 random octets</description>
            </valueHelp>
            <constraint>
              <regex>(whsec_[A-Za-z0-9+\/]{32,86}={0,2})</regex>
            </constraint>
            <constraintErrorMessage>Secret must be whsec_ and the Base64 of 24 to 64 octets</constraintErrorMessage>
          </properties>
        </leafNode>
        <leafNode name="ca-certificate">
          <properties>
            <help>Authority in the PKI configuration that is trusted</help>
            <completionHelp>
              <path>pki ca</path>
            </completionHelp>
            <valueHelp>
              <format>txt</format>
              <description>Name of the authority, those of the system unless set</description>
            </valueHelp>
            <constraint>
              <regex>([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})</regex>
            </constraint>
            <constraintErrorMessage>Authority name must be letters, digits, dots, dashes and underscores</constraintErrorMessage>
          </properties>
        </leafNode>
      </children>
    </tagNode>
  </children>
</node>
<!-- include end -->
