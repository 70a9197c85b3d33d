// The Markdown and text that programs for Node make of a page: HTML on standard input, the dump on standard output.
//
//     npm install --prefix benchmarks turndown@7 turndown-plugin-gfm@1 html-to-text@9
//     node benchmarks/dumps.mjs turndown < page.html
//
// "turndown" is that library with headings as signs and without pictures. "cards" and "reader" have what services add that make Markdown for language
// models of whole pages: a backslash before each line's end within a link; underlined headings, numbered pictures and lines about the page above it.
// "html-to-text" is that library as it comes, with addresses behind links and lines of 80 columns.
import { readFileSync } from "node:fs";
import { convert } from "html-to-text";
import TurndownService from "turndown";
import gfm from "turndown-plugin-gfm";

const UNSHOWN = ["script", "style", "noscript", "template", "svg", "head", "iframe", "select", "object"];

function turndown(options, picture) {
  const service = new TurndownService(options);
  service.remove(UNSHOWN);
  service.use(gfm.strikethrough);
  if (picture) service.addRule("picture", { filter: "img", replacement: (_, element) => picture(element) });
  return (html) => service.turndown(html).replace(/\n{3,}/g, "\n\n");
}

// Brackets count that are no text: those that turndown has not put a backslash before.
function broken(markdown) {
  let depth = 0;
  let out = "";
  for (const [sign] of markdown.matchAll(/\\?[^]/gu)) {
    if (sign === "[") depth += 1;
    else if (sign === "]") depth = Math.max(depth - 1, 0);
    out += sign === "\n" && depth ? "\\\n" : sign;
  }
  return out;
}

function numbered() {
  let number = 0;
  return (element) => {
    const address = element.getAttribute("src") ?? "";
    if (!address || address.startsWith("data:")) return "";
    number += 1;
    const text = (element.getAttribute("alt") ?? "").replace(/\s+/g, " ");
    return `![Image ${number}${text ? `: ${text}` : ""}](${address})`;
  };
}

const ATX = { headingStyle: "atx", bulletListMarker: "-" };
const PROGRAMS = {
  turndown: (html) => turndown(ATX, () => "")(html),
  cards: (html) => broken(turndown(ATX)(html)),
  reader: (html) => `Title: A page\n\nURL Source: https://www.site.example/\n\nMarkdown Content:\n${turndown({}, numbered())(html)}`,
  "html-to-text": (html) => convert(html, { limits: { maxInputLength: 1 << 26 } }),
};

const program = PROGRAMS[process.argv[2]];
if (!program) {
  console.error(`${process.argv[2]}: no such program; choose one of ${Object.keys(PROGRAMS).join(", ")}`);
  process.exit(2);
}
process.stdout.write(program(readFileSync(0, "utf8").replaceAll("\0", "")) + "\n");
