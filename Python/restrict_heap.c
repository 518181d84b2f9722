/* The heap of a restricted interpreter, so that the process has what the
   counter says.

   malloc() keeps what is freed, in pieces that fit no later request, and
   counts for the whole process: a guest that frees every other block, and
   asks for larger ones next, would have the process grow far past the cap.
   Here a page is counted from when a block first reaches into it until it is
   given back to the system.  What fragments cost, the guest pays for.

   Blocks stand one after the other in regions of 1 MiB, each with its size
   and that of the one before it, so that free neighbours become one.  Free
   blocks are in lists by size.  There are two sets of lists: "idle" blocks
   were used before, and their pages are counted; of a "bare" block, only the
   page of its header is.  A new region is one bare block, and at the cap
   all idle blocks become bare: that happens at most once to what was freed,
   so it costs no more than the freeing.

   Nothing here is the host's, or another guest's: the memory comes from the
   system and goes back there. */

#include "Python.h"
#include "pycore_bitutils.h"  // _Py_bit_length()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

#include <sys/mman.h>

#include "restrict_heap.h"

#define REGION ((size_t)1 << 20)  // bytes, and their alignment
#define PAGE 4096                 // bytes; what we round to
#define UNIT 16                   // bytes; sizes and addresses are multiples
#define N_BINS 128
#define TRIES 8  // blocks of a bin that are looked at

enum { USED, IDLE, BARE };

struct block {
    uint32_t size;    // bytes, with this header
    uint32_t before;  // the same of the block before; 0: none
    int state;
    uint32_t unused;
    struct block *next, *previous;  // of a free one: in its list
};
#define HEADER offsetof(struct block, next)
#define SMALLEST (4 * UNIT)  // a free block has room for its links

/* At the start of each region; the first block follows. */
struct region {
    struct region *next, *previous;
    size_t n_used;  // blocks
    size_t unused;
};

struct lists {
    uint64_t has[N_BINS / 64];  // bit n: bin n is not empty
    struct block *bins[N_BINS];
};

struct _restrict_heap {
    struct region *regions;
    size_t n_empty;         // regions without a used block
    struct lists lists[3];  // by state; none of USED
};

/* The sanitizer knows the header of each block, and what is free, as out of
   bounds; we are not. */
#ifdef __SANITIZE_ADDRESS__
#  include <sanitizer/asan_interface.h>
#  define OURS __attribute__((no_sanitize_address))
#  define HIDE(ptr, size) ASAN_POISON_MEMORY_REGION(ptr, size)
#  define SHOW(ptr, size) ASAN_UNPOISON_MEMORY_REGION(ptr, size)
#else
#  define OURS
#  define HIDE(ptr, size)
#  define SHOW(ptr, size)
#endif

/* --- Blocks and their neighbours ------------------------------------------- */

static struct block *
block_of(const void *ptr)
{
    return (struct block *)((char *)ptr - HEADER);
}

static struct region *
region_of(const void *ptr)
{
    return (struct region *)((uintptr_t)ptr & ~(REGION - 1));
}

/* NULL: it is the last one of its region. */
OURS static struct block *
block_after(const struct block *block)
{
    char *after = (char *)block + block->size;
    return ((uintptr_t)after & (REGION - 1)) ? (struct block *)after : NULL;
}

OURS static struct block *
block_before(const struct block *block)
{
    return block->before ? (struct block *)((char *)block - block->before)
                         : NULL;
}

OURS static void
set_size(struct block *block, size_t size)
{
    block->size = (uint32_t)size;
    struct block *after = block_after(block);
    if (after != NULL) {
        after->before = (uint32_t)size;
    }
}

/* The first page behind a free block's header and links. */
static uintptr_t
first_page(uintptr_t block)
{
    return (block + sizeof(struct block) + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
}

/* The bytes of whole pages that a free block does not need. */
static size_t
spare_of(uintptr_t block, size_t size)
{
    uintptr_t start = first_page(block);
    uintptr_t end = (block + size) & ~(uintptr_t)(PAGE - 1);
    return end > start ? end - start : 0;
}

OURS static size_t
spare(const struct block *block)
{
    return spare_of((uintptr_t)block, block->size);
}

/* --- The lists of free blocks ----------------------------------------------- */

/* Eight bins from each power of two to the next. */
static size_t
bin_of(size_t size)
{
    size_t units = size / UNIT;
    int length = _Py_bit_length((unsigned long)units);
    return length <= 4
               ? units
               : (size_t)(length - 3) * 8 + ((units >> (length - 4)) & 7);
}

OURS static void
put_block(struct _restrict_heap *heap, struct block *block, int state)
{
    state = state == BARE && spare(block) == 0 ? IDLE : state;
    struct lists *lists = &heap->lists[state];
    size_t bin = bin_of(block->size);
    block->state = state;
    block->previous = NULL;
    block->next = lists->bins[bin];
    if (block->next != NULL) {
        block->next->previous = block;
    }
    lists->bins[bin] = block;
    lists->has[bin / 64] |= (uint64_t)1 << (bin % 64);
}

OURS static void
take_block(struct _restrict_heap *heap, struct block *block)
{
    struct lists *lists = &heap->lists[block->state];
    size_t bin = bin_of(block->size);
    if (block->next != NULL) {
        block->next->previous = block->previous;
    }
    if (block->previous != NULL) {
        block->previous->next = block->next;
        return;
    }
    lists->bins[bin] = block->next;
    if (block->next == NULL) {
        lists->has[bin / 64] &= ~((uint64_t)1 << (bin % 64));
    }
}

/* The first bin from `bin` on that is not empty, or N_BINS. */
static size_t
next_bin(const struct lists *lists, size_t bin)
{
    for (; bin < N_BINS; bin = (bin | 63) + 1) {
        uint64_t has = lists->has[bin / 64] >> (bin % 64);
        if (has != 0) {
            return bin + (size_t)__builtin_ctzll(has);
        }
    }
    return N_BINS;
}

/* Blocks of the same bin may be too small: not many of them are looked at. */
OURS static struct block *
find_in(const struct lists *lists, size_t size)
{
    size_t bin = bin_of(size);
    struct block *block = lists->bins[bin];
    for (int i = 0; block != NULL && i < TRIES; i++, block = block->next) {
        if (block->size >= size) {
            return block;
        }
    }
    bin = next_bin(lists, bin + 1);
    return bin < N_BINS ? lists->bins[bin] : NULL;
}

static struct block *
find_block(const struct _restrict_heap *heap, size_t size)
{
    struct block *block = find_in(&heap->lists[IDLE], size);
    return block != NULL ? block : find_in(&heap->lists[BARE], size);
}

/* --- Regions ---------------------------------------------------------------- */

/* Aligned to its own size. */
static void *
map_region(void)
{
    char *all = mmap(NULL, 2 * REGION, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    char *start = (char *)(((uintptr_t)all + REGION - 1) & ~(REGION - 1));
    if (start > all) {
        munmap(all, (size_t)(start - all));
    }
    munmap(start + REGION, (size_t)(all + REGION - start));
    // A huge page would make pages resident that are not counted.
    madvise(start, REGION, MADV_NOHUGEPAGE);
    return start;
}

OURS static void
unlink_region(struct _restrict_heap *heap, struct region *region)
{
    if (region->previous != NULL) {
        region->previous->next = region->next;
    }
    else {
        heap->regions = region->next;
    }
    if (region->next != NULL) {
        region->next->previous = region->previous;
    }
}

/* A region of one bare block; its first page is counted. */
OURS static int
add_region(struct _restrict_memory *memory, size_t request)
{
    struct _restrict_heap *heap = memory->heap;
    if (_PyRestrict_Charge(memory, PAGE, request) < 0) {
        return -1;
    }
    struct region *region = map_region();
    if (region == NULL || _PyRestrict_AddMapping(memory, region, REGION) < 0) {
        if (region != NULL) {
            munmap(region, REGION);
        }
        _PyRestrict_Refund(memory, PAGE);
        return -1;
    }
    region->next = heap->regions;
    if (region->next != NULL) {
        region->next->previous = region;
    }
    heap->regions = region;
    heap->n_empty++;
    struct block *block = (struct block *)(region + 1);
    set_size(block, REGION - sizeof(*region));
    put_block(heap, block, BARE);
    HIDE(block, block->size);
    return 0;
}

/* A region without a used block. */
OURS static void
drop_region(struct _restrict_memory *memory, struct region *region)
{
    size_t counted = REGION;
    struct block *block = (struct block *)(region + 1);
    for (; block != NULL; block = block_after(block)) {
        counted -= block->state == BARE ? spare(block) : 0;
        take_block(memory->heap, block);
    }
    unlink_region(memory->heap, region);
    memory->heap->n_empty--;
    _PyRestrict_Refund(memory, counted);
    _PyRestrict_DropMapping(memory, region);
    SHOW(region, REGION);
    munmap(region, REGION);
}

/* --- Taking ------------------------------------------------------------------ */

static size_t
size_with_header(size_t size)
{
    size = (size + HEADER + UNIT - 1) & ~(size_t)(UNIT - 1);
    return Py_MAX(size, SMALLEST);
}

/* What is counted more when `size` bytes of a free block are used. */
OURS static size_t
price(const struct block *block, size_t size)
{
    if (block->state != BARE) {
        return 0;
    }
    size_t rest = block->size - size;
    return spare(block)
           - (rest < SMALLEST ? 0 : spare_of((uintptr_t)block + size, rest));
}

/* Make one block of two neighbours; neither is in a list. */
OURS static void
join(struct block *block, struct block *after)
{
    set_size(block, (size_t)block->size + after->size);
}

/* Cut what is behind the first `size` bytes off, as a free block. */
OURS static void
cut(struct _restrict_heap *heap, struct block *block, size_t size, int state)
{
    size_t rest = block->size - size;
    if (rest < SMALLEST) {
        return;
    }
    struct block *left = (struct block *)((char *)block + size);
    set_size(block, size);
    set_size(left, rest);
    left->before = (uint32_t)size;
    state = spare(left) == 0 ? IDLE : state;
    struct block *after = block_after(left);
    if (state == IDLE && after != NULL && after->state == IDLE) {
        take_block(heap, after);
        join(left, after);
    }
    put_block(heap, left, state);
    HIDE(left, left->size);
}

/* A block that is large enough, and paid for; still in its list.  Giving
   memory back joins free blocks: one that was found before is no more. */
OURS static struct block *
get_block(struct _restrict_memory *memory, size_t size)
{
    struct block *block = find_block(memory->heap, size);
    size_t more = block != NULL ? price(block, size) : size + PAGE;
    if (more > _PyRestrict_MemoryLeft(memory)) {
        _PyRestrict_GiveBack(memory);
        block = find_block(memory->heap, size);
    }
    if (block == NULL && add_region(memory, size) == 0) {
        block = find_block(memory->heap, size);
    }
    more = block != NULL ? price(block, size) : 0;
    if (more > 0 && _PyRestrict_Charge(memory, more, size) < 0) {
        return NULL;
    }
    return block;
}

OURS void *
_PyRestrict_HeapAlloc(struct _restrict_memory *memory, size_t size)
{
    if (memory->heap == NULL) {
        memory->heap = PyMem_RawCalloc(1, sizeof(struct _restrict_heap));
        if (memory->heap == NULL) {
            return NULL;
        }
    }
    size = size_with_header(size);
    struct block *block = get_block(memory, size);
    if (block == NULL) {
        return NULL;
    }
    int state = block->state;
    take_block(memory->heap, block);
    cut(memory->heap, block, size, state);
    block->state = USED;
    struct region *region = region_of(block);
    memory->heap->n_empty -= region->n_used++ == 0;
    SHOW((char *)block + HEADER, block->size - HEADER);
    return (char *)block + HEADER;
}

/* --- Giving back --------------------------------------------------------------- */

/* Does a free neighbour become part of a block in that state?  Of an idle one,
   pages would have to be given back first; small ones have none. */
OURS static int
joins(const struct block *neighbour, int state)
{
    return neighbour != NULL && neighbour->state != USED
           && (neighbour->state == state
               || (state == BARE && spare(neighbour) == 0));
}

OURS static struct block *
join_neighbours(struct _restrict_heap *heap, struct block *block, int state)
{
    struct block *after = block_after(block);
    if (joins(after, state)) {
        take_block(heap, after);
        join(block, after);
    }
    struct block *before = block_before(block);
    if (joins(before, state)) {
        take_block(heap, before);
        join(before, block);
        block = before;
    }
    return block;
}

OURS void
_PyRestrict_HeapFree(struct _restrict_memory *memory, void *ptr)
{
    struct _restrict_heap *heap = memory->heap;
    struct block *block = block_of(ptr);
    struct region *region = region_of(ptr);
    HIDE(ptr, block->size - HEADER);
    block = join_neighbours(heap, block, IDLE);
    put_block(heap, block, IDLE);
    if (--region->n_used == 0 && heap->n_empty++ > 0) {
        drop_region(memory, region);  // one stays for the next block
    }
}

/* What of a block's neighbours is not counted. */
OURS static size_t
bare_around(const struct block *block)
{
    size_t bare = 0;
    const struct block *after = block_after(block);
    const struct block *before = block_before(block);
    if (after != NULL && after->state == BARE) {
        bare += spare(after);
    }
    if (before != NULL && before->state == BARE) {
        bare += spare(before);
    }
    return bare;
}

OURS static void
make_bare(struct _restrict_memory *memory, struct block *block)
{
    size_t bare = bare_around(block);
    take_block(memory->heap, block);
    block = join_neighbours(memory->heap, block, BARE);
    size_t size = spare(block);
    // On failure the pages stay, and are counted.
    if (madvise((void *)first_page((uintptr_t)block), size, MADV_DONTNEED) < 0)
    {
        _PyRestrict_AddUsed(memory, bare);
        put_block(memory->heap, block, IDLE);
        return;
    }
    _PyRestrict_Refund(memory, size - bare);
    put_block(memory->heap, block, BARE);
}

OURS void
_PyRestrict_HeapTrim(struct _restrict_memory *memory)
{
    struct _restrict_heap *heap = memory->heap;
    if (heap == NULL) {
        return;
    }
    struct region *after;
    for (struct region *region = heap->regions; region; region = after) {
        after = region->next;
        if (region->n_used == 0) {
            drop_region(memory, region);
        }
    }
    struct lists *idle = &heap->lists[IDLE];
    // Smaller ones have no whole page.
    for (size_t bin = next_bin(idle, bin_of(PAGE)); bin < N_BINS;
         bin = next_bin(idle, bin + 1))
    {
        struct block *next;
        for (struct block *block = idle->bins[bin]; block; block = next) {
            next = block->next;
            if (spare(block) == 0) {
                continue;
            }
            int is_beside = next != NULL
                            && (next == block_after(block)
                                || next == block_before(block));
            make_bare(memory, block);
            next = is_beside ? idle->bins[bin] : next;
        }
    }
}

/* --- The rest ------------------------------------------------------------------ */

OURS size_t
_PyRestrict_HeapSize(const void *ptr)
{
    return block_of(ptr)->size - HEADER;
}

int
_PyRestrict_HeapHas(const struct _restrict_memory *memory, const void *ptr)
{
    return memory->heap != NULL
           && _PyRestrict_IsMapping(memory, region_of(ptr))
           && (const void *)region_of(ptr) != ptr;
}

OURS static int
extend(struct _restrict_memory *memory, struct block *block, size_t size)
{
    struct block *after = block_after(block);
    if (after == NULL || after->state == USED
        || (size_t)block->size + after->size < size)
    {
        return -1;
    }
    size_t more = size - block->size;
    if (after->size - more < SMALLEST) {
        more = after->size;
    }
    if (price(after, Py_MIN(more, after->size))
        > _PyRestrict_MemoryLeft(memory))
    {
        return -1;  // another block may do
    }
    int state = after->state;
    size_t paid = price(after, more);
    if (paid > 0 && _PyRestrict_Charge(memory, paid, more) < 0) {
        return -1;
    }
    take_block(memory->heap, after);
    join(block, after);
    cut(memory->heap, block, size, state);
    return 0;
}

OURS int
_PyRestrict_HeapResize(struct _restrict_memory *memory, void *ptr, size_t size)
{
    struct block *block = block_of(ptr);
    size = size_with_header(size);
    if (size <= block->size) {
        cut(memory->heap, block, size, IDLE);
        return 0;
    }
    int err = extend(memory, block, size);
    if (err == 0) {
        SHOW(ptr, block->size - HEADER);
    }
    return err;
}

/* The regions are in the table of mappings, and go with it. */
void
_PyRestrict_HeapFini(struct _restrict_memory *memory)
{
#ifdef __SANITIZE_ADDRESS__
    if (memory->heap != NULL) {
        struct region *region = memory->heap->regions;
        for (; region != NULL; region = region->next) {
            SHOW(region, REGION);
        }
    }
#endif
    PyMem_RawFree(memory->heap);
    memory->heap = NULL;
}

#endif /* WITH_RESTRICTED */
