// A small check that a text is well-formed XML without comments, CDATA or processing instructions.

const tag = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/y;

/** Throws where a tag is malformed or not closed, or a bare & or < stands in the text or an attribute. */
export function wellFormed(xml: string): void {
  const open: string[] = [];
  let roots = 0;
  let at = 0;
  while (at < xml.length) {
    const next = xml.indexOf("<", at);
    checkText(xml.slice(at, next < 0 ? xml.length : next), open.length > 0);
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(xml);
    if (!match) throw new Error(`not well-formed at: ${xml.slice(next, next + 40)}`);
    const [whole, closing, name, attributes, empty] = match;
    checkText(attributes, true);
    if (closing) {
      const expected = open.pop();
      if (expected !== name) throw new Error(`</${name}> closes <${expected}>`);
    } else {
      if (open.length === 0 && roots++ > 0) throw new Error(`second root <${name}>`);
      if (!empty) open.push(name);
    }
    at = next + whole.length;
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(", ")}`);
}

function checkText(text: string, inside: boolean): void {
  if (!inside && text.trim() !== "") throw new Error(`text outside of the root: ${text}`);
  const bare = text.match(/&(?!(?:amp|lt|gt|quot|apos|#\d+);).{0,10}/);
  if (bare) throw new Error(`bare &: ${bare[0]}`);
}
