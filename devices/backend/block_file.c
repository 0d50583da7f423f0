/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/block_impl.h"
#include "core/util/bytes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <unistd.h>

/*
 * The bytes that QEMU locks in an image: one per permission, at 100 those in use,
 * at 200 those not shared with others. All locks are shared ones; whoever wants a
 * permission looks whether somebody does not share it, and the other way round.
 */
enum { LOCK_USED = 100, LOCK_UNSHARED = 200 };
enum { PERM_CONSISTENT_READ = 0, PERM_WRITE = 1, PERM_RESIZE = 3 };

static int lock_byte(int fd, off_t at)
{
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };
    return fcntl(fd, F_OFD_SETLK, &l) < 0 ? -errno : 0;
}

static bool is_locked(int fd, off_t at)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };
    return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static int lock_file(const struct block_file *f, struct err *e)
{
    static const uint8_t perms[] = { PERM_CONSISTENT_READ, PERM_WRITE, PERM_RESIZE };
    for (size_t i = 0; i < ARRAY_LEN(perms); i++) {
        bool reads = perms[i] == PERM_CONSISTENT_READ;
        bool uses = reads || !f->read_only;
        int rc = 0;
        if (uses)
            rc = lock_byte(f->fd, LOCK_USED + perms[i]);
        if (rc == 0 && !reads)
            rc = lock_byte(f->fd, LOCK_UNSHARED + perms[i]);
        if (rc == -EINVAL || rc == -ENOLCK || rc == -EOPNOTSUPP)
            return 0; /* a file system without locks */
        if (rc < 0)
            return err_set_errno(e, ERR_IO, -rc, "%s: cannot lock", f->path);
        if ((uses && is_locked(f->fd, LOCK_UNSHARED + perms[i])) ||
            (!reads && is_locked(f->fd, LOCK_USED + perms[i])))
            return err_set(e, ERR_IO,
                           "%s: in use by another process or drive for %s; end that one, or give "
                           "file.locking=off if you know better", f->path,
                           is_locked(f->fd, LOCK_USED + PERM_WRITE) ? "writing" : "reading");
    }
    return 0;
}

static int find_size(struct block_file *f, struct err *e)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return err_set_errno(e, ERR_IO, errno, "%s", f->path);
    if (S_ISREG(st.st_mode)) {
        f->size = (uint64_t)st.st_size;
        return 0;
    }
    if (!S_ISBLK(st.st_mode))
        return err_set(e, ERR_ARG, "%s: neither a file nor a block device", f->path);
    if (ioctl(f->fd, BLKGETSIZE64, &f->size) < 0)
        return err_set_errno(e, ERR_IO, errno, "%s: size of the block device", f->path);
    return 0;
}

int block_file_open(struct block_file *f, const char *path, bool read_only, bool lock,
                    struct err *e)
{
    *f = (struct block_file){ .read_only = read_only };
    f->path = strdup(path);
    if (!f->path) {
        f->fd = -1;
        return err_set(e, ERR_NOMEM, "%s: no memory", path);
    }
    f->fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
    int rc = 0;
    if (f->fd < 0)
        rc = err_set_errno(e, ERR_IO, errno, "%s: cannot open for %s", path,
                           read_only ? "reading" : "reading and writing");
    if (rc == 0)
        rc = find_size(f, e);
    if (rc == 0 && lock)
        rc = lock_file(f, e);
    if (rc < 0)
        block_file_close(f);
    return rc;
}

int block_file_temporary(struct block_file *f, struct err *e)
{
    const char *dir = getenv("TMPDIR");
    *f = (struct block_file){ .fd = -1, .no_sync = true };
    if (!dir || !*dir)
        dir = "/var/tmp";
    f->path = strdup(dir);
    if (!f->path)
        return err_set(e, ERR_NOMEM, "temporary file: no memory");
    f->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        char name[1100];
        snprintf(name, sizeof(name), "%s/orrery-XXXXXX", dir);
        f->fd = mkostemp(name, O_CLOEXEC);
        if (f->fd >= 0)
            unlink(name);
    }
    if (f->fd >= 0)
        return 0;
    int rc = err_set_errno(e, ERR_IO, errno, "cannot create a temporary file in %s (see TMPDIR)", dir);
    block_file_close(f);
    return rc;
}

void block_file_close(struct block_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    free(f->path);
    f->path = NULL;
}

int block_file_read(struct block_file *f, uint64_t at, void *buf, size_t n, struct err *e)
{
    uint8_t *p = buf;
    if (at > INT64_MAX || n > (uint64_t)INT64_MAX - at)
        return err_set(e, ERR_FORMAT, "%s: offset %#llx is beyond any file", f->path,
                       (unsigned long long)at);
    while (n != 0) {
        ssize_t got = pread(f->fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(e, ERR_IO, errno, "%s: cannot read %zu bytes at %#llx", f->path, n,
                                 (unsigned long long)at);
        if (got == 0) {
            memset(p, 0, n);
            return 0;
        }
        p += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

int block_file_write(struct block_file *f, uint64_t at, const void *buf, size_t n, struct err *e)
{
    const uint8_t *p = buf;
    if (at > INT64_MAX || n > (uint64_t)INT64_MAX - at)
        return err_set(e, ERR_FORMAT, "%s: offset %#llx is beyond any file", f->path,
                       (unsigned long long)at);
    while (n != 0) {
        ssize_t done = pwrite(f->fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_set_errno(e, ERR_IO, errno, "%s: cannot write %zu bytes at %#llx", f->path, n,
                                 (unsigned long long)at);
        p += done;
        at += (uint64_t)done;
        n -= (size_t)done;
        f->size = MAX(f->size, at);
    }
    return 0;
}

int block_file_sync(struct block_file *f, struct err *e)
{
    if (f->read_only || f->no_sync)
        return 0;
    if (fdatasync(f->fd) < 0)
        return err_set_errno(e, ERR_IO, errno, "%s: cannot flush", f->path);
    return 0;
}

bool block_file_punch(struct block_file *f, uint64_t at, uint64_t n)
{
    if (f->no_holes || at > INT64_MAX || n > (uint64_t)INT64_MAX - at)
        return false;
    if (fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)n) == 0)
        return true;
    f->no_holes = errno == EOPNOTSUPP || errno == ENOSYS;
    return false;
}

const char *block_probe(const uint8_t *head, size_t n)
{
    static const struct { uint16_t at; uint8_t length; const char *magic, *name; } known[] = {
        { 0, 4, "QFI\xfb", "qcow2" },         { 0, 4, "QED\0", "qed" },
        { 0, 4, "KDMV", "vmdk" },             { 0, 4, "COWD", "vmdk" },
        { 0, 21, "# Disk DescriptorFile", "vmdk" },
        { 0, 8, "vhdxfile", "vhdx" },         { 0, 8, "conectix", "vpc" },
        { 0, 6, "LUKS\xba\xbe", "luks" },     { 0, 16, "WithoutFreeSpace", "parallels" },
        { 0, 16, "WithouFreSpacExt", "parallels" },
        { 64, 4, "\x7f\x10\xda\xbe", "vdi" }, { 0, 14, "Bochs Virtual ", "bochs" },
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if ((size_t)known[i].at + known[i].length <= n &&
            memcmp(head + known[i].at, known[i].magic, known[i].length) == 0)
            return known[i].name;
    }
    return NULL;
}
