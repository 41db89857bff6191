import './styles/tokens.css'
import './styles/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { takeHandover } from './app/handover'
import { takeFragment } from './app/fragment'
import { frame, signInPage } from './app/frame.svelte'
import { install } from './app/install.svelte'
import { kept } from './app/keep'
import { later } from './app/later'
import { router } from './app/router.svelte'
import { session } from './app/session.svelte'
import { dress, theme } from './app/theme'
import { heedLostFiles, watchForUpdates } from './app/update.svelte'
import { allWords, speak } from './i18n/index.svelte'

// First of all: secrets leave the address bar and the history before any request is made.
takeFragment()
dress(theme())
install.listen()
heedLostFiles()

async function start(): Promise<void> {
  const page = kept('me') ? session.prepare() : router.current.route.open ? undefined : signInPage()
  page?.catch(() => undefined) // who needs it asks again, and says so
  // The words of the page stay until the frame can take their place.
  await Promise.allSettled([speak(kept('language') ?? 'fr'), kept('me') && frame.load()])
  const target = document.getElementById('app')
  if (!target) return
  target.replaceChildren()
  mount(App, { target })
  router.start()
  await takeHandover()
  await session.start()
  await page?.catch(() => undefined)
  later(afterwards)
}

/** The first screen stands: what the next ones need, and the whole app for when there is no network. */
function afterwards(): void {
  if (session.stage !== 'in') void session.prepare({ toTalk: true }).catch(() => undefined)
  allWords().catch(() => undefined)
  watchForUpdates()
  if (session.stage !== 'in') return
  void import('./mail/leaving').then(({ release }) => release(session.device))
  if (kept('push')) void import('./app/push.svelte').then(({ push }) => push.check())
}

void start()
