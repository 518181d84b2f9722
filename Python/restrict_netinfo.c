/* The functions of the guest's _socket that tell of the machine and of the
   network around it: its name, its interfaces, the system's lists of services
   and protocols.

   They stand in place of upstream's (rows `guard` of socket.tbl) and answer
   with network_info only.  The frozen library asks for some of it in passing,
   for a greeting or a log, and copes without: that is not worth a refusal in
   the host's record. */

#include "Python.h"
#include "pycore_restrict_names.h"

#ifdef WITH_RESTRICTED

#include <errno.h>
#include <net/if.h>  // if_nameindex()
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>  // gethostname(), close()

int
_PyRestrict_HasNetInfo(void)
{
    const struct _restrict_net *net = _PyRestrict_GetState()->net;
    return net != NULL && net->info;
}

/* 0 with network_info, else -1 with a refusal of the function. */
int
_PyRestrict_NeedNetInfo(const char *function)
{
    return _PyRestrict_HasNetInfo() ? 0 : _PyRestrict_DenyInfo(function);
}

/* --- The machine and its interfaces -------------------------------------- */

/* The library names the machine in a greeting; any name does. */
static PyObject *
net_gethostname(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    char name[256];
    if (!_PyRestrict_HasNetInfo() && _PyRestrict_FromLibrary()) {
        return PyUnicode_FromString("localhost.localdomain");
    }
    if (_PyRestrict_NeedNetInfo("socket.gethostname()") < 0) {
        return NULL;
    }
    if (gethostname(name, sizeof(name) - 1) < 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    name[sizeof(name) - 1] = '\0';
    return PyUnicode_DecodeFSDefault(name);
}

static PyObject *
net_if_nameindex(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    if (_PyRestrict_NeedNetInfo("socket.if_nameindex()") < 0) {
        return NULL;
    }
    struct if_nameindex *all = if_nameindex();
    if (all == NULL) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && all[i].if_index != 0; i++) {
        PyObject *item = Py_BuildValue("(IO&)", all[i].if_index,
                                       PyUnicode_DecodeFSDefault,
                                       all[i].if_name);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    if_freenameindex(all);
    return list;
}

static PyObject *
net_if_nametoindex(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *name;
    if (!PyArg_ParseTuple(args, "O&:if_nametoindex", PyUnicode_FSConverter,
                          &name))
    {
        return NULL;
    }
    unsigned int index = 0;
    int err = _PyRestrict_NeedNetInfo("socket.if_nametoindex()");
    if (err == 0) {
        errno = ENODEV;
        index = if_nametoindex(PyBytes_AS_STRING(name));
        if (index == 0) {
            PyErr_SetFromErrno(PyExc_OSError);
        }
    }
    Py_DECREF(name);
    return index == 0 ? NULL : PyLong_FromUnsignedLong(index);
}

static PyObject *
net_if_indextoname(PyObject *Py_UNUSED(module), PyObject *arg)
{
    char name[IF_NAMESIZE + 1];
    unsigned long index = PyLong_AsUnsignedLong(arg);
    if ((index == (unsigned long)-1 && PyErr_Occurred())
        || _PyRestrict_NeedNetInfo("socket.if_indextoname()") < 0)
    {
        return NULL;
    }
    errno = ENXIO;
    if (index > UINT_MAX || if_indextoname((unsigned int)index, name) == NULL)
    {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyUnicode_DecodeFSDefault(name);
}
/* --- Services and protocols ---------------------------------------------- */

#define SERVICE_ROOM 2048

/* The port, or -1.  Interpreters run side by side: not getservbyname(). */
int
_PyRestrict_FindService(const char *name, const char *protocol)
{
    struct servent entry, *found = NULL;
    char room[SERVICE_ROOM];
    Py_BEGIN_ALLOW_THREADS
    getservbyname_r(name, protocol, &entry, room, sizeof(room), &found);
    Py_END_ALLOW_THREADS
    return found != NULL ? ntohs((uint16_t)found->s_port) : -1;
}

/* The name of the port's service: a new str; NULL without an exception. */
PyObject *
_PyRestrict_FindPort(int port, const char *protocol)
{
    struct servent entry, *found = NULL;
    char room[SERVICE_ROOM];
    Py_BEGIN_ALLOW_THREADS
    getservbyport_r(htons((uint16_t)port), protocol, &entry, room,
                    sizeof(room), &found);
    Py_END_ALLOW_THREADS
    return found != NULL ? PyUnicode_FromString(found->s_name) : NULL;
}

static PyObject *
net_getservbyname(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name, *protocol = NULL;
    if (!PyArg_ParseTuple(args, "s|s:getservbyname", &name, &protocol)
        || _PyRestrict_NeedNetInfo("socket.getservbyname()") < 0)
    {
        return NULL;
    }
    int port = _PyRestrict_FindService(name, protocol);
    if (port < 0) {
        PyErr_SetString(PyExc_OSError, "service/proto not found");
        return NULL;
    }
    return PyLong_FromLong(port);
}

static PyObject *
net_getservbyport(PyObject *Py_UNUSED(module), PyObject *args)
{
    int port;
    const char *protocol = NULL;
    if (!PyArg_ParseTuple(args, "i|s:getservbyport", &port, &protocol)
        || _PyRestrict_NeedNetInfo("socket.getservbyport()") < 0)
    {
        return NULL;
    }
    if (port < 0 || port > 0xffff) {
        PyErr_SetString(PyExc_OverflowError,
                        "getservbyport: port must be 0-65535.");
        return NULL;
    }
    PyObject *found = _PyRestrict_FindPort(port, protocol);
    if (found == NULL && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_OSError, "port/proto not found");
    }
    return found;
}

static PyObject *
net_getprotobyname(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name;
    struct protoent entry, *found = NULL;
    char room[SERVICE_ROOM];
    if (!PyArg_ParseTuple(args, "s:getprotobyname", &name)
        || _PyRestrict_NeedNetInfo("socket.getprotobyname()") < 0)
    {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    getprotobyname_r(name, &entry, room, sizeof(room), &found);
    Py_END_ALLOW_THREADS
    if (found == NULL) {
        PyErr_SetString(PyExc_OSError, "protocol not found");
        return NULL;
    }
    return PyLong_FromLong(found->p_proto);
}

/* --- socket.close() ------------------------------------------------------ */

static PyObject *
net_close(PyObject *Py_UNUSED(module), PyObject *arg)
{
    int fd = PyLong_AsInt(arg);
    if ((fd == -1 && PyErr_Occurred()) || _PyRestrict_CheckDescriptor(fd) < 0)
    {
        return NULL;
    }
    _PyRestrict_SocketForget(fd);
    if (close(fd) < 0 && errno != ECONNRESET && errno != EINTR) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

/* --- The table ----------------------------------------------------------- */

PyMethodDef _PyRestrict_NetInfoFunctions[] = {
    {"close", net_close, METH_O, NULL},
    {"gethostname", net_gethostname, METH_NOARGS, NULL},
    {"getprotobyname", net_getprotobyname, METH_VARARGS, NULL},
    {"getservbyname", net_getservbyname, METH_VARARGS, NULL},
    {"getservbyport", net_getservbyport, METH_VARARGS, NULL},
    {"if_indextoname", net_if_indextoname, METH_O, NULL},
    {"if_nameindex", net_if_nameindex, METH_NOARGS, NULL},
    {"if_nametoindex", net_if_nametoindex, METH_VARARGS, NULL},
    {NULL, NULL},
};

#endif /* WITH_RESTRICTED */
