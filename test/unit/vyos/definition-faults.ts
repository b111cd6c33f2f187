/** XML on line 3, the path of the node at fault below its parent, and what the sentence says. */
export type Case = readonly [name: string, xml: string, path: string, wanted: RegExp]

const LEAF = '<leafNode name="y"><properties><help>Y</help></properties></leafNode>'
export const leaf = (properties: string, rest = ''): string =>
  `<leafNode name="x"><properties>${properties}</properties>${rest}</leafNode>`
export const tag = (properties: string, children = LEAF): string =>
  `<tagNode name="x"><properties><help>X</help>${properties}</properties><children>${children}</children></tagNode>`
const node = (attributes: string, properties: string, children = LEAF): string =>
  `<node name="x"${attributes}><properties><help>X</help>${properties}</properties><children>${children}</children></node>`
export const SENTENCE = '<constraintErrorMessage>Wrong</constraintErrorMessage>'
export const constraint = (checks: string): string => `<constraint>${checks}</constraint>${SENTENCE}`

/** What VyOS's schema or its builder refuses or fails on. */
export const REFUSED_BY_VYOS: readonly Case[] = [
  ['an unknown element', '<leaf name="x"/>', 'service x', /<children> cannot hold <leaf>; it may hold <node>/],
  ['text among children', 'stray', 'service', /<children> cannot hold the text "stray": remove it/],
  ['a leaf without properties', '<leafNode name="x"/>', 'service x', /<leafNode> needs <properties>: add it/],
  ['a leaf without name', '<leafNode><properties/></leafNode>', 'service', /<leafNode> needs the attribute name/],
  ['a node without name', `<node><children>${LEAF}</children></node>`, 'service', /<node> needs the attribute name/],
  ['a tag node without children', '<tagNode name="x"/>', 'service x', /<tagNode> needs <children>: add it/],
  ['empty children', '<tagNode name="x"><children/></tagNode>', 'service x', /<children> needs one of <node>/],
  ['a default inside properties', leaf('<defaultValue>1</defaultValue>'), 'service x', /cannot hold <defaultValue>/],
  [
    'a default on a node',
    `<node name="x"><defaultValue>1</defaultValue><children>${LEAF}</children></node>`,
    'service x',
    /<node> cannot hold <defaultValue>/,
  ],
  [
    'two constraints',
    leaf('<constraint><regex>a</regex></constraint><constraint><regex>b</regex></constraint>'),
    'service x',
    /may hold <constraint> once only: join the two or remove one/,
  ],
  ['an empty constraint', leaf('<constraint></constraint>'), 'service x', /<constraint> needs one of <regex>/],
  [
    'a value help without format',
    leaf('<valueHelp><description>X</description></valueHelp>'),
    'service x',
    /<valueHelp> needs <format>: add it/,
  ],
  ['an unknown attribute', '<leafNode name="x" kind="y"><properties/></leafNode>', 'service x', /no attribute kind/],
  ['an element inside a text', leaf('<help>An <b>important</b> one</help>'), 'service x', /<help> cannot hold <b>/],
  ['text in an empty element', leaf('<multi>yes</multi>'), 'service x', /<multi> cannot hold the text "yes"/],
  ['an owner without priority', node(' owner="/x/y.py"', ''), 'service x', /needs a <priority>: add one/],
  ['multi outside a leaf', node('', '<multi/>'), 'service x', /<multi\/> belongs to leaf nodes only: remove it/],
  ['valueless outside a leaf', tag('<valueless/>'), 'service x', /<valueless\/> belongs to leaf nodes only/],
  ['a node without children', '<node name="x"/>', 'service x', /has no children: add <children>/],
  ['an empty regex', leaf(constraint('<regex></regex>')), 'service x', /A <regex> is empty/],
  ['three defaults in one leaf', leaf('', '<defaultValue>1</defaultValue>'.repeat(3)), 'service x', /<defaultValue>/],
]

/** What none of VyOS's tools catches. */
export const REFUSED_BY_US: readonly Case[] = [
  ['a leaf without help', leaf(''), 'service x', /has no <help>: write one/],
  ['a blank help', leaf('<help> </help>'), 'service x', /has no <help>: write one/],
  ['a broken regex', leaf(`<help>X</help>${constraint('<regex>(a</regex>')}`), 'service x', /\(a is broken: mend/],
  ...['([])', '([^])', '([[:alpha:]|b])', '(\\u0041)', '(a\\Z)', '(\\p{L})'].map(
    (regex): Case => [
      `the regex ${regex}, which VyOS reads otherwise`,
      leaf(`<help>X</help>${constraint(`<regex>${regex}</regex>`)}`),
      'service x',
      /VyOS reads .* otherwise than it looks: write/,
    ],
  ),
  [
    'alternatives outside parentheses',
    leaf(`<help>X</help>${constraint('<regex>a|b</regex>')}`),
    'service x',
    /as \^a\|b\$, .* write \(a\|b\)/,
  ],
  [
    'alternatives beside a group',
    leaf(`<help>X</help>${constraint('<regex>(a)|[)|(]b</regex>')}`),
    'service x',
    /to one side each/,
  ],
  ['quotes in a regex', leaf(`<help>X</help>${constraint("<regex>[a']</regex>")}`), 'service x', /holds a quote/],
  [
    'an unknown validator',
    leaf(`<help>X</help>${constraint('<validator name="nosuch"/>')}`),
    'service x',
    /no validator "nosuch": use one/,
  ],
  [
    'a quote in the argument of a validator',
    leaf(`<help>X</help>${constraint('<validator name="numeric" argument="--range \'1-2\'"/>')}`),
    'service x',
    /argument holds a quote/,
  ],
  [
    'a priority that is no number',
    node(' owner="/x/y.py"', '<priority>soon</priority>'),
    'service x',
    /The priority "soon" is not a number/,
  ],
  ['a leaf defined twice', leaf('<help>X</help>') + leaf('<help>X</help>'), 'service x', /defined at .*:3 already/],
  [
    'a leaf defined twice with defaults, which VyOS joins in silence',
    leaf('<help>X</help>', '<defaultValue>1</defaultValue>').repeat(2),
    'service x',
    /defined at .*:3 already/,
  ],
  [
    'a tag node directly in a tag node',
    tag(constraint('<regex>([a-z]+)</regex>'), tag(constraint('<regex>([a-z]+)</regex>')).replace('"x"', '"z"')),
    'service x z',
    /put a node between them/,
  ],
  ['a name with a blank', leaf('<help>X</help>').replace('"x"', '"a b"'), 'service a b', /lower-case letters/],
  ['a name with upper case', leaf('<help>X</help>').replace('"x"', '"Ab"'), 'service Ab', /lower-case letters/],
  [
    'a default without value',
    leaf('<help>X</help><valueless/>', '<defaultValue>1</defaultValue>'),
    'service x',
    /default/,
  ],
  [
    'two defaults in one leaf, which VyOS drops in silence',
    leaf('<help>X</help>', '<defaultValue>1</defaultValue>'.repeat(2)) + LEAF,
    'service x',
    /has two <defaultValue>/,
  ],
  ['several values of a leaf without value', leaf('<help>X</help><valueless/><multi/>'), 'service x', /remove <multi/],
  ['quotes in a help', leaf("<help>The client's name</help>"), 'service x', /<help> holds a quote/],
  ['an expansion in a help', leaf('<help>See $(id)</help>'), 'service x', /<help> holds a quote, \$/],
  ['a backtick in a help', leaf('<help>See `id`</help>'), 'service x', /<help> holds a quote/],
  [
    'a quote in the sentence of a constraint',
    leaf(
      '<help>X</help><constraint><regex>(a)</regex></constraint><constraintErrorMessage>Use "a"</constraintErrorMessage>',
    ),
    'service x',
    /<constraintErrorMessage> holds a quote/,
  ],
  [
    'a constraint without its sentence',
    leaf('<help>X</help><constraint><regex>(a)</regex></constraint>'),
    'service x',
    /no <constraintErrorMessage>/,
  ],
  [
    'a default that breaks its constraint',
    leaf(`<help>X</help>${constraint('<regex>(a|b)</regex>')}`, '<defaultValue>c</defaultValue>'),
    'service x',
    /The default "c" breaks its own constraint/,
  ],
  [
    'one of several defaults that breaks a validator',
    leaf(
      `<help>X</help><multi/>${constraint('<validator name="ip-address"/>')}`,
      '<defaultValue>::1 1.2.3</defaultValue>',
    ),
    'service x',
    /The default "1\.2\.3" breaks/,
  ],
  ['a tag node without constraint', tag(''), 'service x', /A tag node needs a strict constraint/],
  ['a tag node that takes any character', tag(constraint('<regex>.+</regex>')), 'service x', /\. in \.\+ lets blanks/],
  ['a tag node that takes all but some', tag(constraint('<regex>[^/]+</regex>')), 'service x', /\[\^\/\] in/],
  ['a tag node that takes blanks', tag(constraint('<regex>([a-z ]+)</regex>')), 'service x', /\[a-z \] in/],
  ['a tag node that takes shell characters', tag(constraint('<regex>([!-~]+)</regex>')), 'service x', /\[!-~\] in/],
  ['a tag node that takes an escape', tag(constraint('<regex>(a\\S)</regex>')), 'service x', /\\S in/],
  [
    'a tag node that takes nothing',
    tag(constraint('<regex>([a-z]*)</regex>')),
    'service x',
    /lets an empty value pass/,
  ],
  [
    'a tag node that takes the folder above',
    tag(constraint('<regex>([a-z.]+)</regex>')),
    'service x',
    /lets "\." or "\.\." pass/,
  ],
  [
    'a tag node with a loose validator',
    tag(constraint('<validator name="file-path"/>')),
    'service x',
    /"file-path" lets/,
  ],
  [
    'an owner that VyOS cannot run',
    node(' owner="/x/y.mjs"', '<priority>900</priority>'),
    'service x',
    /must be a path that ends in \.py/,
  ],
  [
    'an owner before the owner above it',
    node(
      ' owner="/x/y.py"',
      '<priority>900</priority>',
      node(' owner="/x/z.py"', '<priority>900</priority>').replace('"x"', '"z"'),
    ),
    'service x z',
    /The priority must be above 900/,
  ],
]

/** Faults of commands of operational mode that none of VyOS's tools of 2024 catches. */
export const COMMANDS: readonly Case[] = [
  ['a word beyond those typed', opLeaf('echo "$4"'), 'service x', /uses \$4, but only 2 words are typed/],
  ['a word in braces beyond those typed', opLeaf(`echo "\${3}"`), 'service x', /uses \$3, but only 2 words/],
  ['the word zero', opLeaf('echo "$0"'), 'service x', /uses \$0/],
  ['a word without quotes', opLeaf('echo $2'), 'service x', /\$2 without quotes of its own: write "\$2"/],
  ['all words without quotes', opLeaf('echo $@'), 'service x', /\$@ without quotes/],
  ['an empty command', opLeaf(''), 'service x', /The <command> is empty/],
  ['an expansion in a help', opLeaf('x', 'See $(id)'), 'service x', /<help> holds a quote/],
  [
    'a command without help',
    '<leafNode name="x"><properties/><command>y</command></leafNode>',
    'service x',
    /no <help>/,
  ],
  ['a command defined twice', opLeaf('x').repeat(2), 'service x', /defined at .*:3 already/],
  ['a name with upper case', opLeaf('x').replace('"x"', '"X"'), 'service X', /lower-case letters/],
]

function opLeaf(command: string, help = 'X'): string {
  return `<leafNode name="x"><properties><help>${help}</help></properties><command>${command}</command></leafNode>`
}
