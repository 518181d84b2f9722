/* TLS for a guest: what _ssl does on the way to OpenSSL.

   OpenSSL reads and writes the socket's descriptor itself, opens files by
   name, and allocates outside PyMem.  So each operation on a connection asks
   whether its descriptor is still the guest's own stream, and charges what
   went over the wire; files of the guest's are opened beneath its grants, and
   OpenSSL gets a name for the descriptor; and each object is charged what it
   is known to take.  The system's certificates are public, and read without a
   grant, from where OpenSSL was built to look; the environment has no say.

   Included by _ssl.c, behind its types: the core does not know OpenSSL. */

#ifdef WITH_RESTRICTED

/* Bytes that OpenSSL was seen to take, rounded up. */
#define TLS_CONTEXT_MEMORY (64 * 1024)
#define TLS_SOCKET_MEMORY (96 * 1024)
#define TLS_CERTIFICATE_MEMORY (8 * 1024)
#define TLS_PARSED_FACTOR 4  // of a certificate's text

static int
tls_charge(struct _restrict_tls *tls, Py_ssize_t size)
{
    if (_PyRestrict_MemoryCharge(size) < 0) {
        return -1;
    }
    tls->memory += size;
    return 0;
}

static void
tls_refund(struct _restrict_tls *tls)
{
    if (tls->memory > 0) {
        PyRestrict_MemoryFree(tls->memory);
        tls->memory = 0;
    }
}

/* An OpenSSL buffer in memory never shrinks: its highest mark is charged. */
static int
tls_charge_buffer(struct _restrict_tls *tls, BIO *bio, Py_ssize_t more)
{
    Py_ssize_t size = (Py_ssize_t)BIO_ctrl_pending(bio) + more;
    size += size / 2;
    if (size <= tls->buffer) {
        return 0;
    }
    if (tls_charge(tls, size - tls->buffer) < 0) {
        return -1;
    }
    tls->buffer = size;
    return 0;
}

/* The descriptor that OpenSSL uses; a connection in memory has none: 0. */
static int
tls_use(PySSLSocket *self)
{
    if (self->Socket == NULL) {
        return 0;
    }
    return _PyRestrict_TLSUse(SSL_get_fd(self->ssl));
}

/* After an operation: what moved, and what it took. */
static int
tls_moved(PySSLSocket *self)
{
    struct _restrict_tls *tls = &self->restricted;
    BIO *in = SSL_get_rbio(self->ssl), *out = SSL_get_wbio(self->ssl);
    if (self->Socket == NULL) {
        return tls_charge_buffer(tls, out, 0);
    }
    uint64_t total = BIO_number_read(in) + BIO_number_written(out);
    uint64_t moved = total - tls->bytes;
    tls->bytes = total;
    return _PyRestrict_ChargeNet((Py_ssize_t)moved);
}

static int
tls_load_defaults(PySSLContext *self)
{
    const char *file = X509_get_default_cert_file();
    const char *folder = X509_get_default_cert_dir();
    int is_file = access(file, R_OK) == 0;
    Py_BEGIN_ALLOW_THREADS
    SSL_CTX_load_verify_locations(self->ctx, is_file ? file : NULL, folder);
    Py_END_ALLOW_THREADS
    ERR_clear_error();
    X509_STORE *store = SSL_CTX_get_cert_store(self->ctx);
    return tls_charge(&self->restricted,
                      sk_X509_OBJECT_num(X509_STORE_get0_objects(store))
                          * (Py_ssize_t)TLS_CERTIFICATE_MEMORY);
}

/* Files that OpenSSL reads by name.  Not descriptors of the guest's: it could
   close them while it is asked for a password. */
struct tls_files {
    int fds[2], n;
};

/* Open a file of the guest's; *bytes is OpenSSL's name for it then. */
static int
tls_open(struct _restrict_tls *tls, struct tls_files *files, PyObject *name,
         PyObject **bytes)
{
    long long size;
    int fd = _PyRestrict_TLSOpen(name, PyBytes_AS_STRING(*bytes), &size);
    if (fd < 0) {
        return -1;
    }
    files->fds[files->n++] = fd;
    if (size > PY_SSIZE_T_MAX / TLS_PARSED_FACTOR
        || tls_charge(tls, (Py_ssize_t)size * TLS_PARSED_FACTOR) < 0)
    {
        return PyErr_Occurred() ? -1 : (PyErr_NoMemory(), -1);
    }
    Py_SETREF(*bytes, PyBytes_FromFormat("/proc/self/fd/%d", fd));
    return *bytes != NULL ? 0 : -1;
}

static void
tls_close(struct tls_files *files)
{
    while (files->n > 0) {
        close(files->fds[--files->n]);
    }
}

/* A folder would be looked into later, file by file, by name. */
static int
tls_locations(PySSLContext *self, struct tls_files *files, PyObject *file,
              PyObject **file_bytes, PyObject *folder, PyObject *folder_bytes)
{
    if (folder != NULL) {
        return _PyRestrict_DenyPath(folder, PyBytes_AS_STRING(folder_bytes),
                                    0);
    }
    return file == NULL ? 0
                        : tls_open(&self->restricted, files, file, file_bytes);
}

static FILE *
tls_fopen(PyObject *name, const char *mode)
{
    PyObject *bytes;
    long long size;
    if (_PyRestrict_GetState() == NULL) {
        return _Py_fopen_obj(name, mode);
    }
    if (!PyUnicode_FSConverter(name, &bytes)) {
        return NULL;
    }
    int fd = _PyRestrict_TLSOpen(name, PyBytes_AS_STRING(bytes), &size);
    FILE *file = fd >= 0 ? fdopen(fd, mode) : NULL;
    Py_DECREF(bytes);
    if (fd >= 0 && file == NULL) {
        close(fd);
        PyErr_NoMemory();
    }
    return file;
}

/* --- One-line hooks ---------------------------------------------------------- */

#define _PyRestrict_TLS_CONTEXT(self, on_error)                               \
    do {                                                                      \
        if (tls_charge(&(self)->restricted, TLS_CONTEXT_MEMORY) < 0) {        \
            on_error;                                                         \
        }                                                                     \
    } while (0)
#define _PyRestrict_TLS_WRAP(sock, on_refusal)                                \
    do {                                                                      \
        if ((sock) != NULL && _PyRestrict_GetState() != NULL                  \
            && _PyRestrict_TLSUse((sock)->sock_fd) < 0)                       \
        {                                                                     \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)
#define _PyRestrict_TLS_SOCKET(self, on_error)                                \
    do {                                                                      \
        (self)->restricted = (struct _restrict_tls){0};                       \
        if (tls_charge(&(self)->restricted, TLS_SOCKET_MEMORY) < 0) {         \
            on_error;                                                         \
        }                                                                     \
    } while (0)
#define _PyRestrict_TLS_USE(self, on_refusal)                                 \
    _PyRestrict_NET_GUARD(tls_use(self), on_refusal)
#define _PyRestrict_TLS_MOVED(self, on_refusal)                               \
    _PyRestrict_NET_GUARD(tls_moved(self), on_refusal)
#define _PyRestrict_TLS_FREE(self) tls_refund(&(self)->restricted)
#define _PyRestrict_TLS_FILES(files) struct tls_files files = {0}
#define _PyRestrict_TLS_OPEN(self, files, name, bytes, on_refusal)            \
    do {                                                                      \
        if ((name) != NULL && _PyRestrict_GetState() != NULL                  \
            && tls_open(&(self)->restricted, &(files), name, bytes) < 0)      \
        {                                                                     \
            on_refusal;                                                       \
        }                                                                     \
    } while (0)
#define _PyRestrict_TLS_LOCATIONS(self, files, file, file_bytes, folder,      \
                                  folder_bytes, on_refusal)                   \
    _PyRestrict_NET_GUARD(tls_locations(self, &(files), file, file_bytes,     \
                                        folder, folder_bytes),                \
                          on_refusal)
#define _PyRestrict_TLS_CLOSE(files) tls_close(&(files))
#define _PyRestrict_TLS_DATA(self, size, on_error)                            \
    _PyRestrict_NET_GUARD(                                                    \
        tls_charge(&(self)->restricted,                                       \
                   Py_MIN(size, INT_MAX) * (Py_ssize_t)TLS_PARSED_FACTOR),    \
        on_error)
#define _PyRestrict_TLS_BUFFER(self, size, on_error)                          \
    _PyRestrict_NET_GUARD(                                                    \
        tls_charge_buffer(&(self)->restricted, (self)->bio, size), on_error)
#define _PyRestrict_TLS_FOPEN(name, mode) tls_fopen(name, mode)
#define _PyRestrict_TLS_DEFAULTS(self)                                        \
    do {                                                                      \
        if (_PyRestrict_GetState() != NULL) {                                 \
            return tls_load_defaults(self) < 0 ? NULL : Py_NewRef(Py_None);   \
        }                                                                     \
    } while (0)

#else /* !WITH_RESTRICTED */

#define _PyRestrict_TLS_CONTEXT(self, on_error)
#define _PyRestrict_TLS_WRAP(sock, on_refusal)
#define _PyRestrict_TLS_SOCKET(self, on_error)
#define _PyRestrict_TLS_USE(self, on_refusal)
#define _PyRestrict_TLS_MOVED(self, on_refusal)
#define _PyRestrict_TLS_FREE(self)
#define _PyRestrict_TLS_FILES(files)
#define _PyRestrict_TLS_OPEN(self, files, name, bytes, on_refusal)
#define _PyRestrict_TLS_LOCATIONS(self, files, file, file_bytes, folder,      \
                                  folder_bytes, on_refusal)
#define _PyRestrict_TLS_CLOSE(files)
#define _PyRestrict_TLS_DATA(self, size, on_error)
#define _PyRestrict_TLS_BUFFER(self, size, on_error)
#define _PyRestrict_TLS_FOPEN(name, mode) _Py_fopen_obj(name, mode)
#define _PyRestrict_TLS_DEFAULTS(self)

#endif /* WITH_RESTRICTED */
