// The page at which people without an account drop files: they are named, then
// sent in pieces; after a cut each goes on where it stood. What was chosen stays
// in this browser until it has arrived: a page that is closed goes on as well.
const at = (id) => document.getElementById(id)
const form = at('form')
const says = form.dataset
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const draw = () => [...crypto.getRandomValues(new Uint8Array(22))].map((byte) => letters[byte % 64]).join('')
const rest = (ms) => new Promise((done) => setTimeout(done, ms))
const here = location.pathname.replace(/\/$/, '')
const units = document.documentElement.lang === 'en' ? ['B', 'KB', 'MB', 'GB'] : ['o', 'ko', 'Mo', 'Go']

let files = []
let drop = draw()
let named = false

// What the browser keeps, of each address; none where it may keep nothing. Files
// lie apart: browsers write them anew with whatever lies in their row.
const kept = new Promise((done) => {
  const opening = indexedDB.open('preau-guest', 2)
  opening.onupgradeneeded = ({ oldVersion }) => {
    opening.result.createObjectStore('bodies')
    if (oldVersion === 0) opening.result.createObjectStore('drops', { keyPath: 'at' })
    else part(opening.transaction)
  }
  opening.onsuccess = () => done(opening.result)
  opening.onerror = opening.onblocked = () => done(undefined)
}).catch(() => undefined)

// In the first version a file lay in the row of its drop.
function part(upgrade) {
  const bodies = upgrade.objectStore('bodies')
  upgrade.objectStore('drops').openCursor().onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return
    const bare = cursor.value.files.map(({ body, ...file }) => {
      const key = draw()
      bodies.put(body, key)
      return { key, ...file }
    })
    cursor.update({ ...cursor.value, files: bare })
    cursor.continue()
  }
}

async function store(name, act) {
  const db = await kept
  if (!db) return undefined
  const request = act(db.transaction(name, 'readwrite').objectStore(name))
  return new Promise((done) => {
    request.onsuccess = () => done(request.result)
    request.onerror = (event) => done(event.preventDefault())
  })
}

// Of the pages at this address one keeps; a second one is for something else. One
// that was closed a moment ago may not have let go yet.
const alone = new Promise((done) => {
  if (!navigator.locks) return done(true)
  const late = new AbortController()
  setTimeout(() => late.abort(), 1000)
  const hold = () => new Promise(() => done(true))
  navigator.locks.request(here, { signal: late.signal }, hold).catch(() => done(false))
})

async function keep() {
  if (!(await alone)) return
  const said = { name: at('name').value, child: at('child').value }
  const bare = files.map(({ body: _, ...file }) => file)
  await store('drops', (all) => all.put({ at: here, on: Date.now(), drop, named, files: bare, ...said }))
}

async function keepBodies(added) {
  if (!(await alone)) return
  for (const { key, body } of added) await store('bodies', (all) => all.put(body, key))
}

const forgetBody = ({ key }) => store('bodies', (all) => all.delete(key))

async function forget(one) {
  await store('drops', (all) => all.delete(one.at))
  await Promise.all(one.files.map(forgetBody))
}

function size(bytes) {
  let unit = 0
  for (; bytes >= 1000 && unit < 3; unit++) bytes /= 1000
  const digits = unit > 1 && bytes < 100 ? 1 : 0
  return bytes.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits }) + '\u00a0' + units[unit]
}

function line(file, act) {
  const row = document.createElement('li')
  const text = document.createElement('div')
  text.className = 'text'
  for (const [kind, content] of [['name', file.name], ['note', size(file.size)]]) {
    const part = document.createElement('span')
    part.className = kind
    part.textContent = content
    text.append(part)
  }
  row.append(text)
  if (act) row.append(act)
  return row
}

function list() {
  at('list').replaceChildren(
    ...files.map((file) => {
      const out = document.createElement('button')
      out.type = 'button'
      out.textContent = says.remove
      out.setAttribute('aria-label', `${says.remove} ${file.name}`)
      out.onclick = () => {
        files = files.filter((one) => one !== file)
        list()
        void keep()
        void forgetBody(file)
        at('files').focus()
      }
      return line(file, out)
    }),
  )
  at('list').hidden = files.length === 0
}

// Phones call every photo "image.jpg": names that are taken are numbered.
function unlike(name) {
  const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length
  let free = name
  for (let n = 2; files.some((one) => one.name.toLowerCase() === free.toLowerCase()); n++)
    free = `${name.slice(0, dot)} (${n})${name.slice(dot)}`
  return free
}

function wrong(text) {
  at('wrong').textContent = text
  at('wrong').hidden = !text
}

// What is wrong with what was chosen; empty: nothing.
function fault() {
  const none = files.find((one) => one.size === 0)
  if (!at('name').value.trim()) return says.noName
  if (files.length === 0) return says.noFiles
  if (files.length > Number(says.files)) return says.tooMany.replace('{n}', says.files)
  if (none) return says.empty.replace('{n}', none.name)
  if (files.reduce((sum, one) => sum + one.size, 0) > Number(says.bytes)) return says.tooLarge.replace('{n}', says.most)
  return ''
}

// Asks until there is an answer that is no trouble of the network or the server.
async function ask(path, method, headers, body) {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 30000)) {
    try {
      const answer = await fetch(path, { method, headers, body, credentials: 'omit', signal: AbortSignal.timeout(120000) })
      const later = answer.status >= 500 || answer.status === 423 || answer.status === 460
      if (!later) return answer
    } catch {
      // No network.
    }
    at('state').textContent = says.paused
    await rest(wait)
    if (method === 'PATCH') return undefined // it may have arrived in part
  }
}

class Refused extends Error {}

async function refuse(answer) {
  const said = await answer.json().catch(() => ({}))
  const texts = { full: says.full, too_many: says.slow, closed: says.closed, not_found: says.closed }
  throw new Refused(texts[said.error?.code] || says.failed)
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
const tus = { 'Tus-Resumable': '1.0.0' }
const piece = 1 << 20

async function begin(file, n) {
  const meta = { use: 'collect', collect: says.collect, drop, file: String(n) }
  const answer = await ask(`${here}/${drop}`, 'POST', {
    ...tus,
    'Upload-Length': String(file.size),
    'Upload-Metadata': Object.entries(meta)
      .map(([key, value]) => `${key} ${base64(value)}`)
      .join(','),
  })
  if (!answer.ok) await refuse(answer)
  return answer.headers.get('Location')
}

// Where the upload of a file stands; the school may have forgotten it.
async function stands(file) {
  const answer = file.path && (await ask(file.path, 'HEAD', tus))
  return answer?.ok ? Number(answer.headers.get('Upload-Offset')) : undefined
}

async function resume(file, n) {
  const sent = await stands(file)
  if (sent !== undefined) return sent
  file.path = await begin(file, n)
  await keep()
  return 0
}

async function upload(file, n, moved) {
  for (let sent = await resume(file, n); sent < file.size; moved(sent)) {
    const headers = { ...tus, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(sent) }
    const answer = await ask(file.path, 'PATCH', headers, await file.body.slice(sent, sent + piece).arrayBuffer())
    if (answer?.ok) {
      sent = Number(answer.headers.get('Upload-Offset'))
      at('state').textContent = says.sent
      continue
    }
    if (answer && answer.status !== 409) await refuse(answer)
    sent = await stands(file)
    if (sent === undefined) throw new Refused(says.failed)
  }
  file.arrived = true
  await keep()
}

async function tell() {
  const of = files.map(({ name, type, size }) => ({ name, type, size }))
  const said = { id: drop, name: at('name').value, child: at('child').value, files: of }
  await keep()
  const answer = await ask(here, 'POST', { 'Content-Type': 'application/json' }, JSON.stringify(said))
  if (!answer.ok) await refuse(answer)
  named = true
  await keep()
}

async function send() {
  if (!named) await tell()
  const all = files.reduce((sum, one) => sum + one.size, 0)
  let before = 0
  for (const [n, file] of files.entries()) {
    if (!file.arrived) await upload(file, n, (sent) => (at('bar').value = (before + sent) / all))
    before += file.size
  }
}

function busy(is) {
  at('send').disabled = is
  at('bar').hidden = !is
  at('list').inert = is
  at('files').disabled = is
  at('state').textContent = is ? says.sent : ''
  window.onbeforeunload = is ? (event) => event.preventDefault() : null
}

// Only what is on the server's disk is said to be there.
async function done() {
  if (await alone) await forget({ at: here, files })
  at('kept').replaceChildren(...files.map((file) => line(file)))
  at('receipt').textContent = `${drop.slice(0, 8)} · ${new Date().toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' })}`
  form.hidden = true
  at('done').hidden = false
  at('done').focus()
}

at('files').onchange = () => {
  const before = files.length
  for (const body of at('files').files)
    files.push({ key: draw(), name: unlike(body.name), type: body.type, size: body.size, body })
  at('files').value = ''
  wrong('')
  list()
  void keepBodies(files.slice(before)).then(keep)
}

at('name').oninput = at('child').oninput = () => void keep()

form.onsubmit = (event) => {
  event.preventDefault()
  const text = fault()
  wrong(text)
  if (text) return text === says.noName && at('name').focus()
  void go()
}

async function go() {
  busy(true)
  try {
    await send()
    await done()
  } catch (error) {
    wrong(error instanceof Refused ? error.message : says.failed)
    anew()
  } finally {
    busy(false)
  }
}

// Another drop, of what is chosen.
function anew() {
  drop = draw()
  named = false
  files = files.map(({ key, name, type, size, body }) => ({ key, name, type, size, body }))
  void keep()
}

at('again').onclick = () => {
  files = []
  anew()
  list()
  at('done').hidden = true
  form.hidden = false
  at('files').focus()
}

// What was chosen here before. What had begun to leave goes on by itself.
async function again() {
  const week = Date.now() - 7 * 86400000
  const all = (await store('drops', (drops) => drops.getAll())) ?? []
  for (const old of all.filter(({ on }) => on < week)) void forget(old)
  const mine = all.find((one) => one.at === here && one.on >= week)
  if (!mine) return
  const bodyOf = ({ key }) => store('bodies', (bodies) => bodies.get(key))
  const found = await Promise.all(mine.files.map(async (file) => ({ ...file, body: await bodyOf(file) })))
  files = found.filter(({ body }) => body)
  // A file that the browser had no room for cannot be sent any more: the drop begins anew.
  if (files.length < found.length) anew()
  else ({ drop, named } = mine)
  at('name').value = mine.name
  at('child').value = mine.child
  list()
  if (named) void go()
}

async function start() {
  if (await alone) await again()
  form.hidden = false
}

void start()
