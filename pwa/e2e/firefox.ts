// Drives the distribution's Firefox over WebDriver BiDi, which needs no
// patched build: the only browser here that can really subscribe to web push.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'

interface Answer {
  id?: number
  type?: string
  error?: string
  message?: string
  result?: unknown
}

/** Preferences that keep Firefox off the network and let it use a push server on loopback. */
function preferences(pushServer: string): string {
  const prefs: Record<string, string | number | boolean> = {
    'remote.prefs.recommended': false,
    'dom.push.serverURL': pushServer,
    'dom.push.testing.allowInsecureServerURL': true,
    'dom.push.connection.enabled': true,
    'alerts.useSystemBackend': false,
    'permissions.default.desktop-notification': 1,
    'app.update.enabled': false,
    'app.normandy.enabled': false,
    'browser.aboutwelcome.enabled': false,
    'browser.newtabpage.enabled': false,
    'browser.safebrowsing.malware.enabled': false,
    'browser.safebrowsing.phishing.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.startup.homepage': 'about:blank',
    'browser.startup.page': 0,
    'browser.topsites.contile.enabled': false,
    'captivedetect.canonicalURL': '',
    'datareporting.policy.dataSubmissionEnabled': false,
    'extensions.getAddons.cache.enabled': false,
    'extensions.update.enabled': false,
    'geo.provider.network.url': '',
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'network.dns.disablePrefetch': true,
    'network.prefetch-next': false,
    'network.trr.mode': 5,
    'services.settings.server': 'http://127.0.0.1:9/',
    'signon.autofillForms': false,
    'toolkit.telemetry.enabled': false,
    'toolkit.telemetry.server': '',
    'toolkit.telemetry.unified': false,
  }
  return Object.entries(prefs)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`)
    .join('\n')
}

export class Firefox {
  #next = 1
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #context = ''

  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: WebSocket,
    private readonly profile: string,
  ) {
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer)
    })
  }

  static async launch(pushServer: string): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'preau-firefox-'))
    writeFileSync(join(profile, 'user.js'), preferences(pushServer))
    const child = spawn(
      'firefox-esr',
      ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
      {
        env: { ...process.env, HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const socket = new WebSocket(`${await listening(child)}/session`)
    await new Promise((open, fail) => socket.once('open', open).once('error', fail))
    const firefox = new Firefox(child, socket, profile)
    await firefox.send('session.new', { capabilities: {} })
    const { contexts } = (await firefox.send('browsingContext.getTree', {})) as {
      contexts: { context: string }[]
    }
    firefox.#context = contexts[0]?.context ?? ''
    return firefox
  }

  send(method: string, params: object): Promise<unknown> {
    const id = this.#next++
    return new Promise((done, fail) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id)
        if (answer.type === 'error')
          fail(new Error(`${method}: ${answer.error ?? ''} ${answer.message ?? ''}`))
        else done(answer.result)
      })
      this.socket.send(JSON.stringify({ id, method, params }))
    })
  }

  async open(url: string): Promise<void> {
    await this.send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  async allowNotifications(origin: string): Promise<void> {
    await this.send('permissions.setPermission', {
      descriptor: { name: 'notifications' },
      state: 'granted',
      origin,
    })
  }

  /** Runs an async function's source in the page, as after a tap, and returns its JSON value. */
  async run<T>(source: string): Promise<T> {
    const answer = (await this.send('script.evaluate', {
      expression: `(${source})().then((value) => JSON.stringify(value ?? null))`,
      target: { context: this.#context },
      awaitPromise: true,
      userActivation: true,
    })) as { type: string; result?: { value?: string }; exceptionDetails?: { text: string } }
    if (answer.type !== 'success') throw new Error(answer.exceptionDetails?.text ?? 'script failed')
    return JSON.parse(answer.result?.value ?? 'null') as T
  }

  async close(): Promise<void> {
    const gone = new Promise((done) => this.child.once('exit', done))
    this.socket.close()
    this.child.kill('SIGKILL')
    await gone
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = ''
    const timer = setTimeout(() => {
      fail(new Error(`Firefox did not start:\n${text}`))
    }, 60_000)
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(text)
      if (!found?.[1]) return
      clearTimeout(timer)
      done(found[1])
    })
  })
}
