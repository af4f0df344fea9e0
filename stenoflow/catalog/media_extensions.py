"""File name extensions of audio and video, by the demuxer of FFmpeg that reads such files."""

from stenoflow.media.ffmpeg import CONTAINERS

EXTENSIONS = {
    "aac": "aac adts",
    "ac3": "ac3",
    "aiff": "aif aifc aiff afc",
    "amr": "3ga amr awb",
    "amrnb": "amr",
    "amrwb": "awb",
    "ape": "apl ape mac",
    "asf": "asf wm wma wmv",
    "au": "au snd",
    "avi": "avi divx",
    "caf": "caf",
    "dss": "ds2 dss",
    "dts": "dts",
    "eac3": "eac3 ec3",
    "flac": "flac",
    "flv": "f4v flv",
    "g722": "722 g722",
    "gsm": "gsm",
    "matroska": "mk3d mka mkv weba webm",
    "mov": "3g2 3gp 3gp2 3gpp aax f4a f4b f4v ism isma ismv m4a m4b m4p m4r m4v mj2 mov mp4 psp qt",
    "mp3": "m2a mp1 mp2 mp3 mpa mpga",
    "mpc": "mpc mp+ mpp",
    "mpc8": "mpc mp+ mpp",
    "mpeg": "evo m2p mpe mpeg mpg ps vob",
    "mpegts": "m2t m2ts mts tp trp ts",
    "mxf": "mxf",
    "nistsphere": "nist sph",
    "ogg": "oga ogg ogm ogv ogx opus spx",
    "rm": "ra rm rmvb",
    "tak": "tak",
    "tta": "tta",
    "voc": "voc",
    "w64": "w64",
    "wav": "bwf rf64 wav wave",
    "wv": "wv",
}
"""Of each demuxer: the extensions that FFmpeg names (``ffmpeg -h demuxer=NAME``) but for pictures and
subtitles, and those by which recorders and other programs write the format."""

MEDIA_EXTENSIONS = " ".join(
    sorted({each for name in CONTAINERS.split(",") for each in EXTENSIONS[name].split()})
)
"""Extensions of all that the decoders read."""
