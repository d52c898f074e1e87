"""Pictures of sounds, charts of numbers and pages that show and play them; one style, nothing fetched from anywhere."""

from woodshed.views.charts import Point, Range, curve_picture, frontier_of, range_picture, scatter_picture
from woodshed.views.pages import Page, SoundCard
from woodshed.views.pictures import contact_sheet, sound_png, spectrogram_picture, waveform_picture
from woodshed.views.style import data_uri
from woodshed.views.tiles import Spectrogram, sound_tile, spectrogram

__all__ = [
    "Page",
    "Point",
    "Range",
    "SoundCard",
    "Spectrogram",
    "contact_sheet",
    "curve_picture",
    "data_uri",
    "frontier_of",
    "range_picture",
    "scatter_picture",
    "sound_png",
    "sound_tile",
    "spectrogram",
    "spectrogram_picture",
    "waveform_picture",
]
