/** How requests leave this device: words that are worth it travel deflated. */
export type Fetch = (path: string, init: RequestInit) => Promise<Response>

/** Below this a deflated body is hardly shorter, and its header is longer. */
const worthwhile = 256

/** A way to the server on which text goes deflated, where the browser knows how. */
export function deflating(fetch: Fetch): Fetch {
  return (path, init) => {
    const { body, keepalive } = init
    // What outlives its page must be on its way at once.
    if (
      typeof body !== 'string' ||
      body.length < worthwhile ||
      keepalive ||
      !('CompressionStream' in globalThis)
    )
      return fetch(path, init)
    return deflate(body).then((bytes) => fetch(path, { ...init, body: bytes, headers: coded(init.headers) }))
  }
}

function deflate(text: string): Promise<ArrayBuffer> {
  const bytes = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Response(bytes).arrayBuffer()
}

function coded(headers: HeadersInit | undefined): Headers {
  const all = new Headers(headers)
  all.set('Content-Encoding', 'deflate')
  return all
}
