/* Addresses do not show.

   Where a program can see an address -- id(), default representations, the
   hash of an object without one of its own, keys that C code makes of
   addresses -- a guest gets a number in its place.  An attacker who has found
   a memory-safety bug learns nothing there of where things are, or of how far
   they are from each other.

   The numbers differ from one another, stay with their object, and agree
   everywhere, because each is the address, encrypted: a Feistel network of
   four rounds over 62 bits, under a key that the interpreter got when it was
   made.  62, because an id() is below sys.maxsize. */

#include "Python.h"
#include "pycore_pylifecycle.h"  // _PyOS_URandomNonblock()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#define HALF_BITS 31
#define HALF (((uint64_t)1 << HALF_BITS) - 1)

/* Two multiplications, so that each bit of the result depends on all. */
static uint64_t
scramble(uint64_t half, uint64_t key)
{
    uint64_t x = (half ^ key) * 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
    return x >> (64 - HALF_BITS);
}

static uint64_t
encrypt(uint64_t address, const struct _restrict_address_key *key)
{
    uint64_t left = address >> HALF_BITS, right = address & HALF;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(key->rounds); i++) {
        uint64_t mixed = left ^ scramble(right, key->rounds[i]);
        left = right;
        right = mixed;
    }
    return left << HALF_BITS | right;
}

/* What the running program may see of an address.  NULL is none. */
void *
_PyRestrict_Shown(const void *address)
{
    PyThreadState *tstate = _PyThreadState_GET();
    if (address == NULL || tstate == NULL || tstate->interp->restricted == NULL
        || (uintptr_t)address >> (2 * HALF_BITS) != 0)
    {
        return (void *)address;
    }
    return (void *)(uintptr_t)encrypt(
        (uintptr_t)address, &tstate->interp->restricted->address_key);
}

/* 0, or -1 without an exception: the system gave no random numbers. */
int
_PyRestrict_InitAddresses(struct _restrict_address_key *key)
{
    return _PyOS_URandomNonblock(key->rounds, sizeof(key->rounds));
}

#endif /* WITH_RESTRICTED */
