import './styles/tokens.css'
import './styles/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { takeHandover } from './app/handover'
import { takeFragment } from './app/fragment'
import { install } from './app/install.svelte'
import { kept } from './app/keep'
import { push } from './app/push.svelte'
import { router } from './app/router.svelte'
import { session } from './app/session.svelte'
import { dress, theme } from './app/theme'
import { watchForUpdates } from './app/update.svelte'
import { speak } from './i18n/index.svelte'

// First of all: secrets leave the address bar and the history before any request is made.
takeFragment()
dress(theme())
install.listen()

async function start(): Promise<void> {
  await speak(kept('language') ?? 'fr').catch(() => undefined)
  const target = document.getElementById('app')
  if (!target) return
  target.replaceChildren()
  mount(App, { target })
  router.start()
  await takeHandover()
  await session.start()
  watchForUpdates()
  if (session.stage === 'in' && kept('push')) await push.check()
}

void start()
