// The picture of the README, made from the demo: PREAU_PICTURE=1 writes it
// anew. Every run looks that what it shows can still be reached.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from './chromium.ts'
import { signInAs } from './people.ts'
import { Server } from './server.ts'

let server: Server
const phone = new Phone()
const laptop = new Phone({ width: 1280, height: 800 })

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await Promise.all([phone.dispose(), laptop.dispose()])
  await server.stop()
})

test('a pupil’s phone beside a teacher’s laptop', async () => {
  const small = await phone.open(server.url)
  await signInAs(small, 'Inès Benali')
  await small.getByRole('heading', { name: 'À rendre' }).waitFor()

  const wide = await laptop.open(server.url)
  await signInAs(wide, 'Claire Garnier')
  await wide.goto(`${server.url}/copies`)
  const work = wide.locator('main a[href^="/copies/"]').first()
  const address = (await work.getAttribute('href')) ?? ''
  await work.click()
  await wide.locator(`li a[href^="${address}/"]`).first().click()
  await wide.getByRole('img', { name: 'Page 1' }).waitFor()
  await expect.poll(() => wide.getByRole('button', { name: /Rendre/ }).count()).toBeGreaterThan(0)

  if (!process.env['PREAU_PICTURE']) return
  const [left, right] = [await small.screenshot({ type: 'png' }), await wide.screenshot({ type: 'png' })]
  const both = await laptop.context.newPage()
  await both.setViewportSize({ width: 1420, height: 700 })
  await both.setContent(`<style>body{margin:0;background:#efece3;display:flex;gap:32px;align-items:center;justify-content:center;height:700px}
    img{border-radius:18px;box-shadow:0 12px 40px -12px #1f1b2e66}</style>
    <img height="620" src="data:image/png;base64,${left.toString('base64')}">
    <img height="620" src="data:image/png;base64,${right.toString('base64')}">`)
  await both.waitForTimeout(300)
  await both.screenshot({ path: join(import.meta.dirname, 'picture.png'), scale: 'css' })
})
