/**
 * True for text with three or more groups of six digits in a row, however they are set apart, or 18 digits and more
 * without a break: somebody's recovery password in the wrong place. Such text is not written down and not repeated.
 */
export function looksLikePassword(text: string): boolean {
  return /(?:\d{6}[^0-9A-Za-z]{0,3}){2}\d{6}/.test(text);
}
