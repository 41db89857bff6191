/**
 * An iPhone gives the installed app no storage of Safari's. The manifest that Safari kept starts the app at
 * /?h=PASS; the pass opens the session once. A used pass does no harm: the sign-in screen offers the rest.
 */
import { api } from './api'
import { keep, kept } from './keep'
import { deviceLabel } from './label'
import type { Identity } from './session.svelte'

export async function takeHandover(): Promise<void> {
  const url = new URL(location.href)
  const pass = url.searchParams.get('h')
  if (!pass) return
  url.searchParams.delete('h')
  history.replaceState(history.state, '', url)
  if (kept('me')) return
  try {
    const identity = await api<Identity | undefined>('handover', {
      method: 'POST',
      body: { pass, label: deviceLabel() },
    })
    if (identity) keep('me', identity)
  } catch {
    // offline: the first screen says what to do
  }
}

/** Signed in now: the manifest has to be asked for again, to carry a pass. */
export function renewManifest(): void {
  const link = document.querySelector('link[rel="manifest"]')
  link?.replaceWith(link.cloneNode())
}
