import { raw, html as template } from "hono/html";

/** A piece of a page. Only `html` and `styleSheet` make one. */
export type Html = ReturnType<typeof raw>;

/** What a template takes: text is escaped wherever it stands; null shows nothing. */
type Value = Html | string | number | null | undefined | readonly Value[];

/**
 * HTML or SVG from a template. Every value that is no piece itself is escaped, in an attribute too, which has to be in
 * double quotes. The same values give the same bytes.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  // A promise comes of promises alone, and no value is one.
  return template(strings, ...values) as Html;
}

/** A style sheet of our own, as it stands: escaped text would be no CSS. */
export function styleSheet(css: string): Html {
  return raw(`<style>${css}</style>`);
}

/** A whole page that needs nothing from outside. `style`: CSS of our own. */
export function htmlPage(title: string, style: string, body: readonly (Html | null)[]): string {
  const parts = body.flatMap((part) => (part === null ? [] : [part, "\n"]));
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>${styleSheet(style)}</head><body>
${parts}</body></html>
`.toString();
}
