# SPDX-License-Identifier: Apache-2.0
# cmake -D CC=gcc -D OBJCOPY=objcopy -D OUT=directory -D SOURCE=loader.S -P assemble.cmake
foreach(command "${CC};-m32;-c;-o;${OUT}/loader.o;${SOURCE}" "${OBJCOPY};-O;binary;-j;.text;${OUT}/loader.o;${OUT}/loader.bin")
  execute_process(COMMAND ${command} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "${SOURCE}: ${command} failed\n${said}")
  endif()
endforeach()
file(READ ${OUT}/loader.bin bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT}/loader.gen.h "/* Generated from devices/board/x86_rom/loader.S. */\nstatic const uint8_t x86_loader_rom[] = {\n${bytes}\n};\n")
