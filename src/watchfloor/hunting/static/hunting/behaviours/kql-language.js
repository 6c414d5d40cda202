// The colours of KQL: text into pieces with a class each. Whatever this does not know stays plain; what is right and wrong
// is the server's to say.

const PIECE = new RegExp(
  [
    "(?<comment>//[^\\n]*)",
    "(?<string>[hH]?@\"(?:[^\"]|\"\")*\"?|[hH]?@'(?:[^']|'')*'?|```[^]*?(?:```|$)|[hH]?\"(?:[^\"\\\\\\n]|\\\\.)*\"?|[hH]?'(?:[^'\\\\\\n]|\\\\.)*'?)",
    "(?<number>\\b\\d[\\w.]*)",
    "(?<word>[A-Za-z_$][\\w]*(?:-[a-z]+)*~?)",
    "(?<sign>[|=!<>~+*/%-]+)",
  ].join("|"),
  "g",
);

const OPERATORS = new Set(
  ("where project project-away project-keep project-rename project-reorder extend summarize count distinct take limit top " +
    "sort order join lookup union mv-expand mv-apply parse parse-where parse-kv make-series evaluate render search invoke sample " +
    "sample-distinct getschema serialize as find partition fork facet print range datatable externaldata consume reduce scan top-nested")
    .split(" "),
);
const KEYWORDS = new Set(
  ("let set declare by on kind with of and or not in in~ has has_any has_all has_cs hasprefix hassuffix contains contains_cs startswith " +
    "endswith matches regex between asc desc nulls first last true false null dynamic datetime timespan long int real bool string " +
    "guid decimal materialize view isfuzzy step from to default inner outer leftouter rightouter fullouter leftanti leftsemi rightanti rightsemi innerunique")
    .split(" "),
);

/**
 * @param {string} text
 * @param {Set<string>} tables
 * @param {Set<string>} columns
 * @returns {[string, string][]} pieces as [text, class]; the class is empty for plain text
 */
export function coloured(text, tables, columns) {
  /** @type {[string, string][]} */
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(PIECE)) {
    if (match.index > at) pieces.push([text.slice(at, match.index), ""]);
    at = match.index + match[0].length;
    pieces.push([match[0], kindOf(match, text.slice(at, at + 1), tables, columns)]);
  }
  if (at < text.length) pieces.push([text.slice(at), ""]);
  return pieces;
}

/**
 * @param {RegExpMatchArray} match
 * @param {string} next
 * @param {Set<string>} tables
 * @param {Set<string>} columns
 */
function kindOf(match, next, tables, columns) {
  const groups = match.groups ?? {};
  if (groups.comment) return "kql-comment";
  if (groups.string) return "kql-string";
  if (groups.number) return "kql-number";
  if (groups.sign) return "kql-sign";
  const word = groups.word ?? "";
  if (tables.has(word)) return "kql-table";
  if (columns.has(word)) return "kql-column";
  if (OPERATORS.has(word)) return "kql-operator";
  if (KEYWORDS.has(word)) return "kql-keyword";
  return next === "(" ? "kql-function" : "";
}

/**
 * The word around a place: its text and where it begins and ends.
 * @param {string} text
 * @param {number} place
 */
export function wordAt(text, place) {
  let start = place;
  let end = place;
  while (start > 0 && /[\w$~]/.test(text[start - 1])) start -= 1;
  while (end < text.length && /[\w$~]/.test(text[end])) end += 1;
  return { word: text.slice(start, end), start, end };
}
