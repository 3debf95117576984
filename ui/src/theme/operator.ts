/** The design tokens that an operator has set for everyone, as a style sheet of its own. */

export interface Tokens {
  light: Record<string, string>;
  dark: Record<string, string>;
}

/** High contrast stays as it is. The server has checked names and values; what looks like no token is left out anyway. */
export function sheetOf(tokens: Tokens): string {
  const light = declared(tokens.light);
  const dark = declared(tokens.dark);
  if (!light && !dark) return "";
  const rules = `:root{${light}}@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){${dark}}}:root[data-theme="dark"]{${dark}}`;
  return `@media not (prefers-contrast:more){${rules}}`;
}

function declared(values: Record<string, string>): string {
  return Object.entries(values)
    .filter(([name, value]) => /^[a-z-]+$/.test(name) && !/[{};<>\\]|url\(/i.test(value))
    .map(([name, value]) => `--${name}:${value};`)
    .join("");
}

let last = "";

export function showTokens(tokens: Tokens): void {
  const text = sheetOf(tokens);
  if (text === last) return;
  last = text;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [sheet];
}
