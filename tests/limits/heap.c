/* The heap of a guest by itself, under random requests: every block keeps
   what was put there, and what is counted is what the process has.

   heap SEED STEPS CAP */

#include "restrict_heap.c"

#include <stdio.h>
#include <stdlib.h>
#undef NDEBUG
#include <assert.h>

#define SLOTS 400
#define MAX_REGIONS 4096

/* --- What restrict_memory.c is to the heap --------------------------------- */

static struct region *regions[MAX_REGIONS];
static size_t n_regions, n_trims;

void *
PyMem_RawCalloc(size_t n, size_t size)
{
    return calloc(n, size);
}

void
PyMem_RawFree(void *ptr)
{
    free(ptr);
}

void
_PyRestrict_AddUsed(struct _restrict_memory *memory, size_t bytes)
{
    memory->used += bytes;
}

void
_PyRestrict_Refund(struct _restrict_memory *memory, size_t bytes)
{
    assert(bytes <= memory->used);
    memory->used -= bytes;
}

size_t
_PyRestrict_MemoryLeft(const struct _restrict_memory *memory)
{
    return memory->cap - memory->used;
}

int
_PyRestrict_Charge(struct _restrict_memory *memory, size_t bytes,
                   size_t request)
{
    (void)request;
    if (bytes > _PyRestrict_MemoryLeft(memory)) {
        return -1;
    }
    memory->used += bytes;
    return 0;
}

void
_PyRestrict_GiveBack(struct _restrict_memory *memory)
{
    n_trims++;
    _PyRestrict_HeapTrim(memory);
}

int
_PyRestrict_AddMapping(struct _restrict_memory *memory, void *address,
                       size_t size)
{
    (void)memory;
    assert(size == REGION && n_regions < MAX_REGIONS);
    regions[n_regions++] = address;
    return 0;
}

int
_PyRestrict_IsMapping(const struct _restrict_memory *memory,
                      const void *address)
{
    (void)memory;
    for (size_t i = 0; i < n_regions; i++) {
        if (regions[i] == address) {
            return 1;
        }
    }
    return 0;
}

void
_PyRestrict_DropMapping(struct _restrict_memory *memory, const void *address)
{
    (void)memory;
    for (size_t i = 0; i < n_regions; i++) {
        if (regions[i] == address) {
            regions[i] = regions[--n_regions];
            return;
        }
    }
    assert(0);
}

/* --- What must hold ---------------------------------------------------------- */

OURS static int
in_lists(const struct _restrict_heap *heap, const struct block *wanted)
{
    const struct block *block =
        heap->lists[wanted->state].bins[bin_of(wanted->size)];
    while (block != NULL && block != wanted) {
        block = block->next;
    }
    return block != NULL;
}

static size_t
resident(const struct region *region)
{
    unsigned char pages[REGION / PAGE];
    size_t n = 0;
    assert(mincore((void *)region, REGION, pages) == 0);
    for (size_t i = 0; i < REGION / PAGE; i++) {
        n += pages[i] & 1;
    }
    return n * PAGE;
}

OURS static size_t
check_region(const struct _restrict_heap *heap, const struct region *region)
{
    size_t counted = REGION, n_used = 0, before = 0, size = sizeof(*region);
    const struct block *block = (const struct block *)(region + 1);
    for (; block != NULL; block = block_after(block)) {
        assert(block->before == before && block->size % UNIT == 0);
        assert(block->size >= SMALLEST);
        assert(block->state == USED || in_lists(heap, block));
        assert(block->state != BARE || spare(block) > 0);
        counted -= block->state == BARE ? spare(block) : 0;
        n_used += block->state == USED;
        before = block->size;
        size += block->size;
    }
    assert(size == REGION && n_used == region->n_used);
    assert(resident(region) <= counted);
    return counted;
}

OURS static void
check(const struct _restrict_memory *memory)
{
    size_t counted = 0, n_empty = 0;
    for (size_t i = 0; i < n_regions; i++) {
        counted += check_region(memory->heap, regions[i]);
        n_empty += regions[i]->n_used == 0;
    }
    assert(counted == memory->used && counted <= memory->cap);
    assert(n_empty == memory->heap->n_empty);
}

/* --- Random requests ----------------------------------------------------------- */

static struct {
    unsigned char *ptr;
    size_t size;
    unsigned char value;
} slots[SLOTS];

static size_t
random_size(void)
{
    size_t top = (size_t)1 << (9 + rand() % 10);
    return Py_MIN(top / 2 + (size_t)rand() % top, _PyRestrict_HEAP_MAX - 1);
}

static void
check_value(int i)
{
    for (size_t at = 0; at < slots[i].size; at++) {
        assert(slots[i].ptr[at] == slots[i].value);
    }
}

static void
take(struct _restrict_memory *memory, int i)
{
    size_t size = random_size();
    void *ptr = _PyRestrict_HeapAlloc(memory, size);
    if (ptr != NULL) {
        assert((uintptr_t)ptr % 16 == 0);
        assert(_PyRestrict_HeapHas(memory, ptr));
        assert(_PyRestrict_HeapSize(ptr) >= size);
        slots[i].ptr = ptr;
        slots[i].size = size;
        slots[i].value = (unsigned char)rand();
        memset(ptr, slots[i].value, size);
    }
}

static void
resize(struct _restrict_memory *memory, int i)
{
    size_t size = random_size();
    if (_PyRestrict_HeapResize(memory, slots[i].ptr, size) < 0) {
        assert(size > slots[i].size);
        return;
    }
    assert(_PyRestrict_HeapSize(slots[i].ptr) >= size);
    slots[i].size = Py_MIN(size, slots[i].size);
    check_value(i);
    slots[i].size = size;
    memset(slots[i].ptr, slots[i].value, size);
}

static void
drop(struct _restrict_memory *memory, int i)
{
    check_value(i);
    _PyRestrict_HeapFree(memory, slots[i].ptr);
    slots[i].ptr = NULL;
}

int
main(int argc, char **argv)
{
    assert(argc == 4);
    srand((unsigned)atoi(argv[1]));
    struct _restrict_memory memory = {.cap = (size_t)atol(argv[3])};
    int outside;
    assert(!_PyRestrict_HeapHas(&memory, &outside));
    for (int step = 0; step < atoi(argv[2]); step++) {
        int i = rand() % (step / 1000 % 2 ? SLOTS : SLOTS / 10);
        if (slots[i].ptr == NULL) {
            take(&memory, i);
        }
        else if (rand() % 3 == 0) {
            resize(&memory, i);
        }
        else {
            drop(&memory, i);
        }
        if (step % 50 == 0) {
            check(&memory);
        }
    }
    assert(!_PyRestrict_HeapHas(&memory, &outside));
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].ptr != NULL) {
            drop(&memory, i);
        }
    }
    check(&memory);
    assert(n_regions == 1 && memory.heap->n_empty == 1);
    _PyRestrict_HeapTrim(&memory);
    assert(memory.used == 0 && n_regions == 0);
    printf("%d\n", n_trims > 0);
    _PyRestrict_HeapFini(&memory);
    return 0;
}
