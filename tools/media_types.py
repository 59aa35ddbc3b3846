#!/usr/bin/env python3
"""Makes the table of media types, basehttp/src/handlers/simple/media_table.rs.

    npm pack mime-db@1.54.0 && tar xzf mime-db-1.54.0.tgz
    python3 tools/media_types.py package > basehttp/src/handlers/simple/media_table.rs

The types are from mime-db 1.54.0 (https://github.com/jshttp/mime-db, MIT licence), which collects IANA's registry, and
what Apache and nginx know. Of its 1,239 extensions those are taken that files on disks have today (WANTED). Where it
names several types, one that IANA has registered is taken; where that leaves a choice, or mime-db is behind or has
nothing, CHOSEN says the type and why. The script fails on an extension that is not decided.
"""

import json
import pathlib
import sys

VERSION = "1.54.0"

# By kind, so that a missing one is noticed.
WANTED = {
    "pages and scripts": """
        html htm shtml xhtml xht css js mjs cjs json json5 jsonld map wasm webmanifest appcache manifest xml xsl xslt xsd
        dtd rng rss atom rdf owl svg svgz txt text vtt ics ifb vcf vcard vcs geojson gpx kml kmz gml topojson jsonml hjson
        wsdl xaml xul sitemap opml""",
    "documents": """
        pdf epub mobi azw ps eps ai rtf md markdown mkd mdx tex latex texinfo texi dvi bib csv tsv djvu djv oxps xps mht
        mhtml eml mbox one chm hlp man roff tr t nfo org rst adoc log conf cfg ini list def properties env diff patch ris
        dbk tei opf ncx fb2 cbr cbz cb7 cbt cba sub srt""",
    "office": """
        doc dot docx docm dotx dotm xls xlt xlsx xlsm xltx xltm xlsb xlam ppt pot pps pptx pptm ppsx ppsm potx potm odt ott
        odm odp otp ods ots odg otg odc odf odb oth vsd vsdx mpp mdb pub key numbers pages abw gnumeric wps wpd msg thmx
        onetoc""",
    "data": """
        yaml yml toml sql sqlite sqlite3 db parquet arrow jsonl ndjson ipynb hdf hdf5 h5 nc cdf fits ttl nt nq trig n3 rq
        srx avro mat har plist proto graphql gql gv dot wat cwl pgn cif xyz cml pdb""",
    "programs": """
        c cc cxx cpp h hh hpp java class jar war ear py pyc rb rs go sh bash csh pl pm lua php tcl swift kt kts scala ts
        tsx jsx coffee less scss sass styl stylus s asm f for f77 f90 p pas r jl dart ex exs erl hs lisp clj cs vb sol
        zig nim vue svelte hbs jade pug twig wgsl glsl vert frag bat cmd ps1 ada makefile cmake gradle bin exe dll so
        msi com elf dylib apk ipa appx msix msixbundle appxbundle appinstaller xpi crx jnlp jad wgt""",
    "archives and images of disks": """
        gz tgz bz bz2 tbz2 xz txz zst tzst br lz lz4 lzma zip 7z rar tar cpio arj lha lzh cab ace sit sitx hqx iso img dmg
        pkg deb udeb rpm snap flatpak flatpakref appimage torrent metalink meta4 nzb vmdk vdi vhd vhdx ova ovf qcow2
        whl gem crate a shar ustar jardiff""",
    "keys and signatures": "asc sig pgp gpg pem crt cer der p7b p7c p7m p7s p8 p10 p12 pfx csr crl key sha256 sha512 md5",
    "pictures": """
        png apng jpg jpeg jpe jfif gif webp avif avcs heic heif heics heifs jxl jp2 jpg2 jpm jpx jpf jph jxr jxs bmp dib ico
        cur tif tiff psd xcf exr dds ktx ktx2 tga pcx pbm pgm ppm pnm xbm xpm xwd wmf emf cgm dng cr2 nef arw raf orf rw2
        dwg dxf hdr wbmp jng mng pic ras rgb sgi""",
    "sounds": """
        mp3 mp2 mpga m4a m4b m4p m4r aac adts flac wav weba ogg oga opus spx mid midi kar rmi aif aiff aifc au snd caf mka ac3
        eac3 dts amr 3gpp wma ra ram m3u m3u8 pls xspf s3m xm mod it ape wv""",
    "films": """
        mp4 mp4v mpg4 m4v m4s webm ogv ogx mov qt avi mkv mk3d mks mpeg mpg mpe m1v m2v ts m2t m2ts mts 3gp 3g2 flv f4v wmv
        asf asx wm vob mpd mj2 mjp2 h264 mxf dv swf rm rmvb""",
    "fonts": "ttf otf ttc woff woff2 eot pfa pfb afm pcf bdf",
    "models": """
        gltf glb obj mtl stl 3mf step stp stpx stpz igs iges dae usda usdz ply wrl vrml x3d x3db x3dv 3ds blend fbx
        u3d jt prc vtu gcode lottie""",
}

TEXT = "text/plain"  # A source that browsers show, and that no registry knows.
BYTES = "application/octet-stream"

CHOSEN = {
    # Registered by IANA later than mime-db noticed, or under a name that it gives no extension.
    "yaml": "application/yaml",  # RFC 9512
    "yml": "application/yaml",
    "mkv": "video/matroska",  # RFC 9559
    "mks": "video/matroska",
    "mka": "audio/matroska",
    "mk3d": "video/matroska-3d",
    "flac": "audio/flac",  # RFC 9639
    "zst": "application/zstd",  # RFC 8878
    "tzst": "application/zstd",
    "tgz": "application/gzip",  # RFC 6713
    "vcf": "text/vcard",  # RFC 6350
    "cjs": "text/javascript",  # RFC 9239, in place of application/node
    "deb": "application/vnd.debian.binary-package",
    "udeb": "application/vnd.debian.binary-package",
    "sqlite": "application/vnd.sqlite3",
    "sqlite3": "application/vnd.sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
    "cur": "image/vnd.microsoft.icon",
    "cmake": TEXT,
    "ac3": "audio/ac3",  # RFC 4184
    "eac3": "audio/eac3",  # RFC 4598
    "dts": "audio/vnd.dts",
    "xsd": "application/xml",
    "rng": "application/xml",
    "sitemap": "application/xml",
    "fb2": "application/xml",
    "xul": "application/xml",
    "topojson": "application/json",
    "har": "application/json",
    "n3": "text/n3",
    "nc": "application/x-netcdf",
    "gcode": TEXT,
    "sol": TEXT,
    "exe": "application/vnd.microsoft.portable-executable",
    "dll": "application/vnd.microsoft.portable-executable",
    "pcx": "image/vnd.zbrush.pcx",
    "mp4": "video/mp4",
    "mpg4": "video/mp4",
    "m4p": "audio/mp4",
    "m4r": "audio/mp4",
    "3gpp": "video/3gpp",
    "mts": "video/mp2t",  # AVCHD cameras; model/vnd.mts is a format of one program
    "x3db": "model/x3d+fastinfoset",
    "x3dv": "model/x3d-vrml",
    "prc": "model/prc",
    "sub": "text/plain",  # MicroDVD subtitles; two registered types are of broadcasts
    "dot": "text/vnd.graphviz",  # and, long ago, Word templates
    "pdb": "chemical/x-pdb",
    "key": "application/vnd.apple.keynote",
    "rtf": "application/rtf",
    "sql": "application/sql",
    "xml": "text/xml",  # as Python has it; the encoding that the file declares is minded
    "xsl": "application/xslt+xml",
    "asc": "application/pgp-signature",  # detached ones stand beside downloads
    "gpg": "application/pgp-encrypted",
    "mpp": "application/vnd.ms-project",
    "iso": "application/x-iso9660-image",  # what desktops register; IANA's is any bytes
    "dmg": "application/x-apple-diskimage",
    "msi": "application/x-msi",
    # Named alike by browsers, desktops (shared-mime-info) or Python, registered by none.
    "wav": "audio/wav",
    "ndjson": "application/x-ndjson",
    "jsonl": "application/jsonl",
    "py": "text/x-python",
    "pyc": "application/x-python-code",
    "sh": "application/x-sh",
    "bash": "application/x-sh",
    "csh": "application/x-csh",
    "rpm": "application/x-rpm",
    "tbz2": "application/x-bzip2",
    "txz": "application/x-xz",
    "lz": "application/x-lzip",
    "lz4": "application/x-lz4",
    "lzma": "application/x-lzma",
    "bib": "text/x-bibtex",
    "diff": "text/x-diff",
    "patch": "text/x-diff",
    "xcf": "image/x-xcf",
    "hdr": "image/vnd.radiance",
    "cr2": "image/x-canon-cr2",
    "nef": "image/x-nikon-nef",
    "arw": "image/x-sony-arw",
    "raf": "image/x-fuji-raf",
    "orf": "image/x-olympus-orf",
    "rw2": "image/x-panasonic-rw2",
    "hdf": "application/x-hdf",
    "hdf5": "application/x-hdf5",
    "h5": "application/x-hdf5",
    "ape": "audio/x-ape",
    "wv": "audio/x-wavpack",
    "mod": "audio/x-mod",
    "it": "audio/x-it",
    "dv": "video/x-dv",
    "appimage": "application/vnd.appimage",
    "flatpak": "application/vnd.flatpak",
    "flatpakref": "application/vnd.flatpak.ref",
    "snap": "application/vnd.snap",
    "qcow2": "application/x-qemu-disk",
    "vhdx": "application/x-virtualbox-vhd",
    "plist": "application/x-plist",
    "sha256": TEXT,
    "sha512": TEXT,
    "md5": TEXT,
    "csr": "application/pkcs10",
    "tsx": TEXT,
    "hpp": "text/x-c",
    "jfif": "image/jpeg",  # what it is; image/pjpeg was one browser's word
    "vob": "video/mpeg",
    "exr": "image/x-exr",  # image/aces is one use of it
    "org": "text/x-org",  # Emacs; the registered type is of an organizer of 1997
    "ra": "audio/x-realaudio",
}

# Sources that nothing better is known of: browsers show them.
for name in """adoc rst cfg properties env proto graphql gql wat rb rs go swift kt kts scala r jl dart ex exs erl hs lisp clj cs vb
        zig nim vue svelte pug twig glsl vert frag cmd bat ps1 ada makefile gradle""".split():
    CHOSEN[name] = TEXT
# Nothing that a client could make use of.
for name in "br bin so elf dylib img db mat avro ipa whl gem crate a com pkg ply fbx".split():
    CHOSEN.setdefault(name, BYTES)


def decide(name, candidates):
    """The one type of an extension."""
    if name in CHOSEN:
        return CHOSEN[name]
    registered = [kind for kind, source in candidates if source == "iana" and kind != BYTES]
    types = registered or [kind for kind, _ in candidates]
    if len(types) != 1:
        sys.exit(f"{name} is not decided: {types}")
    return types[0]


def main():
    package = pathlib.Path(sys.argv[1])
    version = json.loads((package / "package.json").read_text())["version"]
    if version != VERSION:
        sys.exit(f"this is mime-db {version}, not {VERSION}: look through CHOSEN, and change VERSION")
    candidates = {}
    for kind, facts in json.loads((package / "db.json").read_text()).items():
        for name in facts.get("extensions", []):
            candidates.setdefault(name, []).append((kind, facts.get("source")))
    names = sorted({name for group in WANTED.values() for name in group.split()})
    print("//! Media types by extension, in lower case and sorted. Made by `tools/media_types.py`; change that instead.")
    print("//!")
    print(f"//! From mime-db {VERSION}, which is Copyright (c) 2014 Jonathan Ong and (c) 2015-2022 Douglas Christopher Wilson, under")
    print("//! the MIT licence, and from the registry of IANA.")
    print()
    print("/// An extension without its dot, and its type without parameters.")
    print(f"pub static MEDIA_TYPES: [(&str, &str); {len(names)}] = [")
    for name in names:
        print(f'    ("{name}", "{decide(name, candidates.get(name, []))}"),')
    print("];")


main()
