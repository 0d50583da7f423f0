/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory/dma.h"
#include "core/util/bytes.h"
#include "test/check_main.h"

static struct mem_space *space;
static struct mem_ram *ram;
static struct err e;
static uint32_t msi_data, msi_requester;

static enum mem_result msi_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                 const struct mem_attrs *attrs)
{
    (void)arg, (void)offset;
    ck_assert_uint_eq(size, 4);
    msi_data = (uint32_t)value;
    msi_requester = attrs->requester;
    return MEM_OK;
}
static const struct mmio_ops msi_ops = { NULL, msi_write, 4, false };

/* Pages 0..7 of the device are pages 15..8 of memory; 4 is read-only, 5 faults; 9 swallows MSIs. */
static unsigned asked;
static enum mem_result translate(void *iommu, uint32_t requester, uint64_t iova, uint64_t n,
                                 enum dma_kind kind, uint32_t data, struct mem_space **s, pa_t *pa)
{
    ck_assert_ptr_eq(iommu, &asked);
    ck_assert_uint_eq(requester, 0x18);
    ck_assert_uint_ge(n, 1);
    ck_assert_uint_le(iova % MEM_PAGE + n, MEM_PAGE); /* never across a page */
    asked++;
    uint64_t page = iova / MEM_PAGE;
    if (page == 9 && kind == DMA_MSI) {
        msi_data = data + 1;
        *s = NULL;
        return MEM_OK;
    }
    if (page == 10) {
        *pa = 0x100000 + iova % MEM_PAGE;
        return MEM_OK;
    }
    if (page > 7 || page == 5 || (page == 4 && kind != DMA_READ))
        return MEM_REFUSED;
    *pa = (15 - page) * MEM_PAGE + iova % MEM_PAGE;
    return MEM_OK;
}
static const struct dma_iommu fake = { translate, &asked };

static struct dma direct, translated;

static void setup(void)
{
    asked = msi_data = 0;
    space = mem_space_create("bus");
    ck_assert_int_eq(mem_ram_create(&ram, "ram", 16 * MEM_PAGE, &e), 0);
    ck_assert_int_eq(mem_add_ram(space, "ram", 0, ram, 0, 16 * MEM_PAGE, 0, NULL, &e), 0);
    ck_assert_int_eq(mem_add_mmio(space, "msi", 0x100000, 4, 0, &msi_ops, NULL, NULL, &e), 0);
    direct = (struct dma){ .space = space, .requester = 0x10, .enabled = true };
    translated = (struct dma){ .space = space, .iommu = &fake, .requester = 0x18, .enabled = true };
}

static void teardown(void)
{
    mem_space_destroy(space);
    mem_ram_destroy(ram);
}

START_TEST(straight)
{
    uint8_t buf[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    mem_ram_clean(ram);
    ck_assert_int_eq(dma_write(&direct, 0xffe, buf, 8), MEM_OK);
    ck_assert_uint_eq(ld_be64(ram->host + 0xffe), 0x0102030405060708ull);
    ck_assert_uint_eq(ram->flags[0] | ram->flags[1], 0);
    ck_assert_int_eq(dma_read(&direct, 0x1000, buf, 2), MEM_OK);
    ck_assert_uint_eq(ld_be16(buf), 0x0304);
    ck_assert_int_eq(dma_read(&direct, 16 * MEM_PAGE - 4, buf, 8), MEM_NOTHING);
}
END_TEST

START_TEST(not_a_bus_master)
{
    uint8_t buf[4] = { 1 };
    uint64_t n = 4;
    direct.enabled = translated.enabled = false;
    ck_assert_int_eq(dma_write(&direct, 0, buf, 4), MEM_NOTHING);
    ck_assert_int_eq(dma_read(&translated, 0, buf, 4), MEM_NOTHING);
    ck_assert_int_eq(dma_send_msi(&direct, 0x100000, 5), MEM_NOTHING);
    ck_assert_ptr_null(dma_map(&direct, 0, &n, false));
    ck_assert_uint_eq(ram->host[0] | msi_data | asked, 0);
}
END_TEST

START_TEST(page_by_page)
{
    static uint8_t out[3 * MEM_PAGE], in[3 * MEM_PAGE];
    for (unsigned i = 0; i < sizeof(out); i++)
        out[i] = (uint8_t)(i * 7 + i / 256);
    ck_assert_int_eq(dma_write(&translated, 0x800, out, sizeof(out)), MEM_OK);
    ck_assert_uint_eq(asked, 4);
    ck_assert_mem_eq(ram->host + 15 * MEM_PAGE + 0x800, out, 0x800);
    ck_assert_mem_eq(ram->host + 14 * MEM_PAGE, out + 0x800, MEM_PAGE);
    ck_assert_mem_eq(ram->host + 12 * MEM_PAGE, out + 0x2800, 0x800);
    ck_assert_int_eq(dma_read(&translated, 0x800, in, sizeof(in)), MEM_OK);
    ck_assert_mem_eq(in, out, sizeof(in));
}
END_TEST

START_TEST(faults)
{
    static uint8_t buf[2 * MEM_PAGE];
    buf[0] = 1;
    ck_assert_int_eq(dma_read(&translated, 4 * MEM_PAGE, buf, 16), MEM_OK);
    ck_assert_int_eq(dma_write(&translated, 4 * MEM_PAGE, buf, 16), MEM_REFUSED);
    buf[0] = 0xcc;
    ck_assert_int_eq(dma_write(&translated, 3 * MEM_PAGE, buf, 2 * MEM_PAGE), MEM_REFUSED);
    ck_assert_uint_eq(ram->host[12 * MEM_PAGE], 0xcc); /* what came before the fault is done */
    ck_assert_int_eq(dma_read(&translated, 5 * MEM_PAGE, buf, 1), MEM_REFUSED);
}
END_TEST

START_TEST(message_interrupts)
{
    ck_assert_int_eq(dma_send_msi(&direct, 0x100000, 0x55), MEM_OK);
    ck_assert_uint_eq(msi_data, 0x55);
    ck_assert_uint_eq(msi_requester, 0x10);
    ck_assert_int_eq(dma_send_msi(&direct, 0x100002, 0x55), MEM_BAD_SIZE);
    ck_assert_int_eq(dma_send_msi(&translated, 9 * MEM_PAGE, 0x60), MEM_OK); /* consumed */
    ck_assert_uint_eq(msi_data, 0x61);
    ck_assert_int_eq(dma_send_msi(&translated, 10 * MEM_PAGE, 0x70), MEM_OK);
    ck_assert_uint_eq(msi_data, 0x70);
    ck_assert_uint_eq(msi_requester, 0x18);
    ck_assert_int_eq(dma_send_msi(&translated, 5 * MEM_PAGE, 1), MEM_REFUSED);
}
END_TEST

START_TEST(mapping)
{
    uint64_t n = 3 * MEM_PAGE;
    ck_assert_ptr_eq(dma_map(&direct, 0x10, &n, true), ram->host + 0x10);
    ck_assert_uint_eq(n, 3 * MEM_PAGE);
    n = 100 * MEM_PAGE;
    ck_assert_ptr_nonnull(dma_map(&direct, MEM_PAGE, &n, true));
    ck_assert_uint_eq(n, 15 * MEM_PAGE);
    n = 3 * MEM_PAGE;
    ck_assert_ptr_eq(dma_map(&translated, 0x10, &n, true), ram->host + 15 * MEM_PAGE + 0x10);
    ck_assert_uint_eq(n, MEM_PAGE - 0x10); /* the next page lies elsewhere */
    mem_ram_clean(ram);
    dma_mapped_written(&translated, 0x10, 4);
    dma_mapped_written(&direct, MEM_PAGE - 1, 2);
    for (unsigned page = 0; page < 16; page++)
        ck_assert_uint_eq(ram->flags[page],
                          page == 15 || page <= 1 ? 0 : (unsigned)MEM_PAGE_CLEAN);
    n = 4;
    ck_assert_ptr_null(dma_map(&direct, 0x100000, &n, false)); /* a device */
    n = 4;
    ck_assert_ptr_null(dma_map(&translated, 4 * MEM_PAGE, &n, true));
    n = 0;
    ck_assert_ptr_null(dma_map(&direct, 0, &n, false));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("dma");
    TCase *c = tcase_create("dma");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, straight);
    tcase_add_test(c, not_a_bus_master);
    tcase_add_test(c, page_by_page);
    tcase_add_test(c, faults);
    tcase_add_test(c, message_interrupts);
    tcase_add_test(c, mapping);
    suite_add_tcase(s, c);
    return s;
}
