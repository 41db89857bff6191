/** Secrets that arrive in the fragment of /lier and /activer. */

interface Ticket {
  id: string
  secret: string
}

let ticket: (Ticket & { path: string }) | undefined

/** Reads "#1.<id>.<secret>" and removes it from the address bar and the history, before any request. */
export function takeFragment(): void {
  const found = parse(location.hash)
  if (!found) return
  ticket = { ...found, path: location.pathname }
  history.replaceState(history.state, '', location.pathname)
}

export function parse(hash: string): Ticket | undefined {
  const found = /^#?1\.([\w-]{6,64})\.([\w-]{16,128})$/.exec(hash)
  return found?.[1] && found[2] ? { id: found[1], secret: found[2] } : undefined
}

/** The ticket that opened this path, once. */
export function ticketFor(path: string): Ticket | undefined {
  const found = ticket?.path === path ? ticket : undefined
  if (found) ticket = undefined
  return found
}

/** A scanned address of this school, brought to the screen that opens it. */
export function carry(url: URL): string | undefined {
  const found = parse(url.hash)
  if (!found || url.origin !== location.origin) return undefined
  ticket = { ...found, path: url.pathname }
  return url.pathname
}
