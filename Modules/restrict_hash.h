/* Hashing notices the stop of a guest.

   The functions of the hash libraries take what they are given in one go, a
   quarter of a second for what a guest's memory holds.  Included behind the
   library's header, this puts one in front of each that hands over a piece at
   a time, with or without the GIL.  What a stopped guest's object holds then,
   nobody sees. */

#ifndef RESTRICT_HASH_H
#define RESTRICT_HASH_H

#include "pycore_restrict_harden.h"  // _PyRestrict_IS_GUEST()

#ifdef WITH_RESTRICTED

/* Bytes between two looks at the stop. */
#define HASH_PIECE ((size_t)1 << 20)

#define IN_PIECES(name, update, state_type)                                   \
    static inline void name(state_type *state, const uint8_t *data,           \
                            size_t size)                                      \
    {                                                                         \
        while (size > HASH_PIECE && !_PyRestrict_STOPPED_HERE()) {            \
            (void)update(state, (uint8_t *)data, HASH_PIECE);                 \
            data += HASH_PIECE;                                               \
            size -= HASH_PIECE;                                               \
        }                                                                     \
        (void)update(state, (uint8_t *)data, Py_MIN(size, HASH_PIECE));       \
    }

#ifdef __Hacl_Hash_MD5_H
IN_PIECES(md5_in_pieces, Hacl_Hash_MD5_update, Hacl_Streaming_MD_state_32)
#  undef Hacl_Hash_MD5_update
#  define Hacl_Hash_MD5_update md5_in_pieces
#endif

#ifdef __Hacl_Hash_SHA1_H
IN_PIECES(sha1_in_pieces, Hacl_Hash_SHA1_update, Hacl_Streaming_MD_state_32)
#  undef Hacl_Hash_SHA1_update
#  define Hacl_Hash_SHA1_update sha1_in_pieces
#endif

#ifdef __Hacl_Hash_SHA2_H
IN_PIECES(sha256_in_pieces, Hacl_Hash_SHA2_update_256,
          Hacl_Streaming_MD_state_32)
IN_PIECES(sha512_in_pieces, Hacl_Hash_SHA2_update_512,
          Hacl_Streaming_MD_state_64)
#  undef Hacl_Hash_SHA2_update_256
#  undef Hacl_Hash_SHA2_update_512
#  define Hacl_Hash_SHA2_update_256 sha256_in_pieces
#  define Hacl_Hash_SHA2_update_512 sha512_in_pieces
#endif

#ifdef __Hacl_Hash_SHA3_H
IN_PIECES(sha3_in_pieces, Hacl_Hash_SHA3_update, Hacl_Hash_SHA3_state_t)
#  undef Hacl_Hash_SHA3_update
#  define Hacl_Hash_SHA3_update sha3_in_pieces
#endif

#ifdef blake2b_update
IN_PIECES(blake2b_in_pieces, blake2b_update, blake2b_state)
IN_PIECES(blake2s_in_pieces, blake2s_update, blake2s_state)
#  undef blake2b_update
#  undef blake2s_update
#  define blake2b_update blake2b_in_pieces
#  define blake2s_update blake2s_in_pieces
#endif

#undef IN_PIECES

/* A digest of any length is made in one go. */
#define _PyRestrict_DIGEST_SIZES(cap)                                         \
    (_PyRestrict_IS_GUEST() ? 1ul << 24 : (cap))

#else

#define _PyRestrict_DIGEST_SIZES(cap) (cap)

#endif /* WITH_RESTRICTED */
#endif /* !RESTRICT_HASH_H */
