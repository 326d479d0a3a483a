/**
 * What somebody else says must not move the cursor, change the colours or fill the clipboard of our terminal: ESC becomes
 * `^[`, and the one-byte forms of U+0080 to U+009F become `<9b>`. Tabs and line feeds stay.
 */
export function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (control) => {
    const code = control.charCodeAt(0);
    if (code >= 0x80) return `<${code.toString(16)}>`;
    return code === 0x7f ? '^?' : `^${String.fromCharCode(code + 0x40)}`;
  });
}
