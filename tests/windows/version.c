/* Prints the version resource of a file as Windows reads it:  version FILE */
#include <stdio.h>
#include <windows.h>

int main(int count, char **arguments)
{
    static const char *const names[] = {"CompanyName", "FileDescription", "FileVersion", "InternalName",
                                        "LegalCopyright", "OriginalFilename", "ProductName", "ProductVersion"};
    static BYTE resource[16384];
    VS_FIXEDFILEINFO *fixed;
    char query[64], *text;
    UINT length;
    size_t index;

    if (count != 2 || !GetFileVersionInfoA(arguments[1], 0, sizeof resource, resource) ||
        !VerQueryValueA(resource, "\\", (void **)&fixed, &length)) {
        fprintf(stderr, "there is no version resource (error %lu)\n", GetLastError());
        return 1;
    }
    printf("Version=%lu.%lu.%lu\n", fixed->dwFileVersionMS >> 16, fixed->dwFileVersionMS & 0xFFFF,
           fixed->dwFileVersionLS >> 16);
    printf("Type=%s\n", fixed->dwFileType == VFT_DLL ? "library" : fixed->dwFileType == VFT_APP ? "application" : "?");
    for (index = 0; index < sizeof names / sizeof *names; index++) {
        snprintf(query, sizeof query, "\\StringFileInfo\\040904B0\\%s", names[index]);
        if (VerQueryValueA(resource, query, (void **)&text, &length))
            printf("%s=%s\n", names[index], text);
    }
    return 0;
}
