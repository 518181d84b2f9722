/* What the files of a guest's names share (restrict_names.c,
   restrict_addrinfo.c, restrict_netinfo.c): what a name stands for, and how to
   fail.  Included by them alone. */

#ifndef Py_INTERNAL_RESTRICT_NAMES_H
#define Py_INTERNAL_RESTRICT_NAMES_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_restrict_net.h"

#ifdef WITH_RESTRICTED

/* === What a name stands for (restrict_names.c) ========================== */

struct _restrict_answer {
    const char *canonical;
    const _PyRestrict_Address *addresses;
    int n;
    _PyRestrict_Address single;
    int is_ipv6_text;  // "::ffff:127.0.0.1" is one
    uint32_t scope;
};

/* The name as bytes that end in a null, as IDNA encodes it; a new
   reference. */
extern PyObject *_PyRestrict_NameBytes(PyObject *name);
/* Is it a number?  Is it a pinned name, for this port (0: for any)? */
extern int _PyRestrict_AnswerNumber(const char *name,
                                    struct _restrict_answer *answer);
extern int _PyRestrict_AnswerPinned(const char *name, int port,
                                    struct _restrict_answer *answer);
/* Either: 0.  Else -1 with a refusal. */
extern int _PyRestrict_AnswerName(const char *name, int port,
                                  struct _restrict_answer *answer);
/* Does the address belong to the family? */
extern int _PyRestrict_OfFamily(const struct _restrict_answer *answer, int i,
                                int family);

/* === Failing (restrict_names.c) ========================================= */

/* Refuse the name.  Always -1. */
extern int _PyRestrict_DenyHost(const char *name, int port);
/* socket.gaierror with the resolver's code.  Always NULL. */
extern PyObject *_PyRestrict_RaiseGaiError(int code);
/* socket.herror: the address has no name here.  Always NULL. */
extern PyObject *_PyRestrict_RaiseUnknownHost(void);

/* === The machine (restrict_netinfo.c) =================================== */

/* Is network_info granted?  And: 0 with it, else -1 with a refusal of the
   function. */
extern int _PyRestrict_HasNetInfo(void);
extern int _PyRestrict_NeedNetInfo(const char *function);
/* The port of a service, or -1; protocol may be NULL. */
extern int _PyRestrict_FindService(const char *name, const char *protocol);
/* The name of the port's service: a new str.  NULL, without an exception: it
   has none. */
extern PyObject *_PyRestrict_FindPort(int port, const char *protocol);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_NAMES_H */
