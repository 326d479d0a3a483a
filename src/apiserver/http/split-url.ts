/** Path and query of a request line, which may also name the host. */
export function splitUrl(url: string): { readonly pathname: string; readonly query: URLSearchParams } {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  const end = path.indexOf('?');
  return end < 0
    ? { pathname: path, query: new URLSearchParams() }
    : { pathname: path.slice(0, end), query: new URLSearchParams(path.slice(end + 1)) };
}
