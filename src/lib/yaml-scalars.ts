/**
 * What a plain scalar of YAML means to Kubernetes, for both of our YAML readers.
 *
 * Kubernetes reads YAML by sigs.k8s.io/yaml, that is go-yaml v2: a mixture of YAML 1.1 and 1.2. `0644` and
 * `0o644` are octal, `yes`, `on` and `y` are true, `1_000` is a thousand, `22:22` and dates are text.
 * What fits none of these is text.
 */

export interface YamlScalar {
  readonly tag: string;
  /** What a text can begin with that `pattern` matches; '' for the empty text. */
  readonly firstCharacters: readonly string[];
  readonly pattern: RegExp;
  /** The value of a text that `pattern` matches; throws for what JSON cannot hold. */
  readonly read: (text: string) => null | boolean | number | string;
}

const digits = [...'0123456789'];

const someDigits = '[0-9][0-9_]*';
const exponent = `(?:[eE]_*[-+]?_*${someDigits})?`;
const floats = [
  `(?:[-+]_*)?${someDigits}(?:\\.[0-9_]*)?${exponent}`,
  `[-+]_*\\._*${someDigits}${exponent}`,
  // Underscores may stand anywhere, but only between digits when the point comes first.
  '\\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)?',
  '[-+]?\\.(?:inf|Inf|INF)',
  '\\.(?:nan|NaN|NAN)',
];

/** Each text is matched against them in this order; the first that fits wins. */
export const yamlScalars: readonly YamlScalar[] = [
  {
    tag: 'tag:yaml.org,2002:null',
    firstCharacters: ['', '~', 'n', 'N'],
    pattern: /^(?:~|null|Null|NULL)?$/,
    read: () => null,
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    firstCharacters: [...'yYnNtTfFoO'],
    pattern: /^(?:[yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    read: (text) => /^(?:y|yes|true|on)$/i.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    firstCharacters: ['-', '+', ...digits],
    pattern:
      /^(?:[-+]_*)?(?:0_*[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|0_*[bB]_*[01][01_]*|0_*[oO]?_*[0-7][0-7_]*|0_*|[1-9][0-9_]*)$/,
    read: readInteger,
  },
  {
    tag: 'tag:yaml.org,2002:float',
    firstCharacters: ['-', '+', '.', ...digits],
    pattern: new RegExp(`^(?:${floats.join('|')})$`),
    read: readFloat,
  },
];

function readInteger(text: string): number {
  const plain = text.replaceAll('_', '').toLowerCase();
  const isNegative = plain.startsWith('-');
  const magnitude = plain.replace(/^[-+]/, '');
  // JavaScript knows every prefix but the bare zero of C.
  const value = Number(/^0[0-7]+$/.test(magnitude) ? `0o${magnitude.slice(1)}` : magnitude);
  return isNegative && value !== 0 ? -value : value;
}

function readFloat(text: string): number | string {
  if (/[iInN]/.test(text)) throw new Error(`${text} cannot be said in JSON`);
  const value = Number(text.replaceAll('_', ''));
  // Too large for a double: go-yaml leaves the text as it stands. JSON has one zero, so `-0.` is it too.
  return Number.isFinite(value) ? value || 0 : text;
}
