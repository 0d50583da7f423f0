/* SPDX-License-Identifier: Apache-2.0 */
/* Compression around kernel images: gzip (RFC 1952), zstd (RFC 8878), EFI zboot. */
#include "devices/board/image_impl.h"
#include "core/util/bytes.h"
#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

struct growing {
    uint8_t *data;
    uint64_t used, size;
};

/* Room for more output: doubles up to IMAGE_LIMIT. */
static int grow(struct growing *g, struct err *e)
{
    if (g->size >= IMAGE_LIMIT)
        return err_set(e, ERR_LIMIT, "unpacks to more than 1 GiB");
    uint64_t size = g->size ? MIN(g->size * 2, IMAGE_LIMIT) : 16u << 20;
    uint8_t *data = realloc(g->data, size);
    if (!data)
        return err_set(e, ERR_NOMEM, "no memory for %" PRIu64 " unpacked bytes", size);
    g->data = data;
    g->size = size;
    return 0;
}

int image_gunzip(const uint8_t *in, uint64_t n, uint8_t **out, uint64_t *out_n, struct err *e)
{
    struct growing g = { 0 };
    z_stream z = { .next_in = (uint8_t *)(uintptr_t)in, .avail_in = (uInt)n };
    int r = 0, status = Z_OK;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return err_set(e, ERR_NOMEM, "zlib could not start");
    while (status != Z_STREAM_END) {
        if (g.used == g.size && (r = grow(&g, e)) < 0)
            goto out;
        z.next_out = g.data + g.used;
        z.avail_out = (uInt)(g.size - g.used);
        status = inflate(&z, Z_NO_FLUSH);
        g.used = g.size - z.avail_out;
        if (status == Z_BUF_ERROR && z.avail_in == 0)
            r = err_set(e, ERR_FORMAT, "gzip data ends in the middle (after %" PRIu64 " bytes)", n);
        else if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            r = err_set(e, ERR_FORMAT, "gzip data is damaged: %s", z.msg ? z.msg : "bad stream");
        if (r < 0)
            goto out;
    }
out:
    inflateEnd(&z);
    if (r < 0) {
        free(g.data);
        return r;
    }
    *out = g.data;
    *out_n = g.used;
    return 0;
}

int image_unzstd(const uint8_t *in, uint64_t n, uint8_t **out, uint64_t *out_n, struct err *e)
{
    struct growing g = { 0 };
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer input = { .src = in, .size = n };
    size_t status = 1;
    int r = 0;

    if (!z)
        return err_set(e, ERR_NOMEM, "zstd could not start");
    while (status != 0) {
        if (g.used == g.size && (r = grow(&g, e)) < 0)
            goto out;
        ZSTD_outBuffer output = { .dst = g.data, .size = g.size, .pos = g.used };
        status = ZSTD_decompressStream(z, &output, &input);
        if (ZSTD_isError(status)) {
            r = err_set(e, ERR_FORMAT, "zstd data is damaged: %s", ZSTD_getErrorName(status));
            goto out;
        }
        if (status != 0 && input.pos == input.size && output.pos < output.size) {
            r = err_set(e, ERR_FORMAT, "zstd data ends in the middle (after %" PRIu64 " bytes)", n);
            goto out;
        }
        g.used = output.pos;
    }
out:
    ZSTD_freeDStream(z);
    if (r < 0) {
        free(g.data);
        return r;
    }
    *out = g.data;
    *out_n = g.used;
    return 0;
}

/*
 * EFI zboot header: "MZ", 0, 0, "zimg" at 4, payload offset and size at 8 and 12, the
 * name of the compression at 24. Kernels before 2024 wrote "zstd22" for zstd.
 */
int image_unpack_zboot(const uint8_t *in, uint64_t n, uint8_t **out, uint64_t *out_n,
                       struct err *e)
{
    uint64_t offset = ld_le32(in + 8), size = ld_le32(in + 12);
    char method[33] = { 0 };

    memcpy(method, in + 24, 32);
    if (offset < 64 || offset > n || size > n - offset || size == 0)
        return err_set(e, ERR_FORMAT,
                       "EFI zboot payload [%#" PRIx64 ", +%#" PRIx64 ") lies outside the file of %"
                       PRIu64 " bytes (is it truncated?)", offset, size, n);
    if (strcmp(method, "gzip") == 0)
        return image_gunzip(in + offset, size, out, out_n, e);
    if (strcmp(method, "zstd") == 0 || strcmp(method, "zstd22") == 0)
        return image_unzstd(in + offset, size, out, out_n, e);
    for (char *c = method; *c; c++) /* it comes from the file: keep the terminal safe */
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return err_set(e, ERR_UNSUPPORTED,
                   "EFI zboot payload is packed with '%s'; gzip and zstd are accepted", method);
}
