<!-- include start from clawgress/api.xml.i -->
<node name="api">
  <properties>
    <help>HTTP API</help>
  </properties>
  <children>
    <leafNode name="listen-address">
      <properties>
        <help>Local address where the API is served</help>
        <completionHelp>
          <script>${vyos_completion_dir}/list_local_ips.sh --both</script>
        </completionHelp>
        <valueHelp>
          <format>ipv4</format>
          <description>IPv4 address of this router</description>
        </valueHelp>
        <valueHelp>
          <format>ipv6</format>
          <description>IPv6 address of this router</description>
        </valueHelp>
        <constraint>
          <validator name="ip-address"/>
        </constraint>
        <constraintErrorMessage>Listen address must be an IPv4 or IPv6 address</constraintErrorMessage>
        <multi/>
      </properties>
    </leafNode>
    <leafNode name="port">
      <properties>
        <help>Port of the API</help>
        <valueHelp>
          <format>u32:1024-65535</format>
          <description>Port number</description>
        </valueHelp>
        <constraint>
          <validator name="numeric" argument="--range 1024-65535"/>
        </constraint>
        <constraintErrorMessage>Port number must be in range 1024 to 65535</constraintErrorMessage>
      </properties>
      <defaultValue>8443</defaultValue>
    </leafNode>
    <leafNode name="certificate">
      <properties>
        <help>Certificate of the API in the PKI configuration</help>
        <completionHelp>
          <path>pki certificate</path>
        </completionHelp>
        <valueHelp>
          <format>txt</format>
          <description>Name of the certificate</description>
        </valueHelp>
        <constraint>
          <regex>([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})</regex>
        </constraint>
        <constraintErrorMessage>Certificate name must be letters, digits, dots, dashes and underscores</constraintErrorMessage>
      </properties>
    </leafNode>
    <node name="allow-client">
      <properties>
        <help>Who may use the API</help>
      </properties>
      <children>
        <leafNode name="address">
          <properties>
            <help>Address or network that may use the API, others are refused</help>
            <valueHelp>
              <format>ipv4</format>
              <description>IPv4 address</description>
            </valueHelp>
            <valueHelp>
              <format>ipv4net</format>
              <description>IPv4 network and prefix length</description>
            </valueHelp>
            <valueHelp>
              <format>ipv6</format>
              <description>IPv6 address</description>
            </valueHelp>
            <valueHelp>
              <format>ipv6net</format>
              <description>IPv6 network and prefix length</description>
            </valueHelp>
            <constraint>
              <validator name="ip-address"/>
              <validator name="ip-prefix"/>
            </constraint>
            <constraintErrorMessage>Client must be an IPv4 or IPv6 address or network</constraintErrorMessage>
            <multi/>
          </properties>
        </leafNode>
        <leafNode name="policed">
          <properties>
            <help>Clients on client interfaces, which otherwise do not reach it</help>
            <valueless/>
          </properties>
        </leafNode>
      </children>
    </node>
    <node name="key">
      <properties>
        <help>Keys of the API</help>
      </properties>
      <children>
        <tagNode name="id">
          <properties>
            <help>Who holds the key, as written in the history</help>
            <valueHelp>
              <format>txt</format>
              <description>Name of a person or program</description>
            </valueHelp>
            <constraint>
              <regex>([A-Za-z0-9][A-Za-z0-9_.-]{0,31})</regex>
            </constraint>
            <constraintErrorMessage>Key holder must be 1 to 32 letters, digits, dots, dashes or underscores</constraintErrorMessage>
          </properties>
          <children>
            <leafNode name="key">
              <properties>
                <help>Secret of the holder</help>
                <valueHelp>
                  <format>txt</format>
                  <description>24 to 128 letters, digits, dashes and underscores</description>
                </valueHelp>
                <constraint>
                  <regex>([A-Za-z0-9_-]{24,128})</regex>
                </constraint>
                <constraintErrorMessage>Key must be 24 to 128 letters, digits, dashes or underscores</constraintErrorMessage>
              </properties>
            </leafNode>
            <leafNode name="expires">
              <properties>
                <help>From when on the key is refused, in UTC</help>
                <valueHelp>
                  <format>YYYY-MM-DD</format>
                  <description>From the beginning of this day</description>
                </valueHelp>
                <valueHelp>
                  <format>YYYY-MM-DDThh:mmZ</format>
                  <description>From this minute, seconds may follow</description>
                </valueHelp>
                <constraint>
                  <regex>([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?)</regex>
                </constraint>
                <constraintErrorMessage>Expiry must be a date in UTC like 2027-01-31 or 2027-01-31T18:00Z</constraintErrorMessage>
              </properties>
            </leafNode>
            <leafNode name="role">
              <properties>
                <help>What the holder may do</help>
                <completionHelp>
                  <list>viewer operator admin</list>
                </completionHelp>
                <valueHelp>
                  <format>viewer</format>
                  <description>Read everything</description>
                </valueHelp>
                <valueHelp>
                  <format>operator</format>
                  <description>Also try policies, and roll back to earlier ones</description>
                </valueHelp>
                <valueHelp>
                  <format>admin</format>
                  <description>Also activate new policies</description>
                </valueHelp>
                <constraint>
                  <regex>(viewer|operator|admin)</regex>
                </constraint>
                <constraintErrorMessage>Role must be viewer, operator or admin</constraintErrorMessage>
              </properties>
              <defaultValue>viewer</defaultValue>
            </leafNode>
          </children>
        </tagNode>
      </children>
    </node>
  </children>
</node>
<!-- include end -->
