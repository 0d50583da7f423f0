# SPDX-License-Identifier: Apache-2.0
add_test(NAME layering COMMAND ${CMAKE_SOURCE_DIR}/test/layering/check)
