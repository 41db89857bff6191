/** Where a link leads. The same as api/agenda/link.go: both are held to api/agenda/testdata/links.json. */

const host = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/
const start = /^https:\/\/[A-Za-z0-9.-]+(:\d*)?([/?#]|$)/

/**
 * The host to which a link leads, as the reader is shown it: as the network writes it, "xn--…" where letters only
 * look like others. Empty for what nobody should follow.
 */
export function hostOf(link: string): string {
  if (link.length > 2000 || !/^[!-~]+$/.test(link) || link.includes('\\') || !start.test(link)) return ''
  if (!URL.canParse(link)) return ''
  const { hostname, port } = new URL(link)
  return hostname.length <= 253 && host.test(hostname) && port !== '0' ? hostname : ''
}

/** What was typed or pasted as a link, as a browser writes it; empty for what is none. */
export function linkOf(typed: string): string {
  const text = typed.trim()
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`
  if (!text || !URL.canParse(whole)) return ''
  const { href } = new URL(whole)
  return hostOf(href) ? href : ''
}
