# SPDX-License-Identifier: Apache-2.0
set(TEST_LIBS m)
