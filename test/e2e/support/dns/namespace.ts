import { closeSync, openSync } from 'node:fs'
import koffi from 'koffi'
import { createNamespace, destroyNamespace } from '../../../../src/standalone/lab/namespace.ts'

const CLONE_NEWNET = 0x40000000
const libc = koffi.load('libc.so.6')
const setns = libc.func('int setns(int fd, int nstype)')

function enter(fd: number): void {
  if (setns(fd, CLONE_NEWNET) !== 0) throw new Error('cannot enter a network namespace')
}

/**
 * Makes a network namespace and moves this process's main thread into it, so that sockets it opens and programs it
 * starts live there. `leave` goes back and removes it with everything that runs in it.
 */
export async function enterNewNamespace(): Promise<{ readonly name: string; leave(): Promise<void> }> {
  const name = `cg-test-dns-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const home = openSync('/proc/thread-self/ns/net', 'r')
  await createNamespace(name)
  const inside = openSync(`/run/netns/${name}`, 'r')
  enter(inside)
  closeSync(inside)
  return {
    name,
    async leave() {
      enter(home)
      closeSync(home)
      await destroyNamespace(name)
    },
  }
}
